"""Holds every service to one anatomy, every module to a length, and SQL to one name for a thing's status.

Every breach is printed, and fails the check. What may be longer says why in LONG.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

SERVICES = ("identity", "appointments", "payments", "notifications")
FILES = (
    "domain.py",
    "errors.py",
    "parts.py",
    "service.py",
    "settings.py",
    "checks.py",
    "jobs.py",
    "http/__init__.py",
    "http/table.py",
    "http/shapes.py",
    "migrations",
)
LONGEST = 200
LONG = {
    "appointments/domain.py": "the whole of what a booking may become, read on one page",
    "appointments/errors.py": "every reason for a refusal, declarations alone",
    "appointments/http/schedule_shapes.py": "every body and answer about a schedule, declarations alone",
    "appointments/http/shapes.py": "every body and answer about a visit, declarations alone",
    "embedded/postgres.py": "one server's life, from unpacking to stopping",
    "events/catalogue.py": "every event there is, declarations alone",
    "events/worker.py": "one loop with its lock, its tries and its waiting",
    "identity/http/shapes.py": "every body and answer of the API, declarations alone",
    "notifications/settings.py": "every setting of its channels, declarations alone",
    "payments/checks.py": "the whole promise about money, declarations alone",
    "payments/domain.py": "the whole of what a payment may become, read on one page",
    "payments/errors.py": "every reason for a refusal, declarations alone",
    "payments/ports.py": "the outside world and its facts, declarations alone",
    "payments/http/shapes.py": "every body and answer of the API, declarations alone",
    "states.py": "every table of transitions, and the page of them",
    "sandbox/razorpay/payments.py": "the provider's own state machine, in one place",
}
KEEPS_STATE = ("events/migrations/V1__create_event_tables.sql",)
"""The inbox speaks as the protocol of outbox and inbox does, where `state` is its word."""

STATE_COLUMN = re.compile(r"^\s*(?:ADD COLUMN\s+)?\"?state\"?\s+(?:text|smallint|int|bigint)\b", re.I | re.M)


def breaches(root: Path) -> Iterator[str]:
    """Every breach under `root` (the package's folder), as `path: what is wrong`."""
    for service in SERVICES:
        for name in FILES:
            if not (root / service / name).exists():
                yield f"{service}/{name}: missing"
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        lines = len(path.read_text().splitlines())
        if lines > LONGEST and name not in LONG:
            yield f"{name}: {lines} lines, more than {LONGEST}"
    for path in sorted(root.glob("*/migrations/*.sql")):
        name = path.relative_to(root).as_posix()
        if name not in KEEPS_STATE and STATE_COLUMN.search(path.read_text()):
            yield f"{name}: a column named state; the name is status"


def main(root: Path) -> int:
    found = list(breaches(root))
    for breach in found:
        print(breach)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "src/niyat")))
