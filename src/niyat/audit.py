"""`niyat audit`: does the promise hold, over all databases, right now? It reads only, with a role of its own.

Every service brings the checks of its own database, the event pipeline those of its tables, and
`audit_between.py` compares what the services believe of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from niyat.appointments.checks import CHECKS as APPOINTMENT_CHECKS
from niyat.audit_between import BETWEEN, look
from niyat.events.checks import CHECKS as PIPELINE_CHECKS
from niyat.identity.checks import CHECKS as IDENTITY_CHECKS
from niyat.kernel.checks import Check
from niyat.notifications.checks import CHECKS as NOTIFICATION_CHECKS
from niyat.payments.checks import CHECKS as PAYMENT_CHECKS

CHECKS: Mapping[str, Sequence[Check]] = {
    "identity": IDENTITY_CHECKS,
    "appointments": [*APPOINTMENT_CHECKS, *PIPELINE_CHECKS],
    "payments": [*PAYMENT_CHECKS, *PIPELINE_CHECKS],
    "notifications": [*NOTIFICATION_CHECKS, *PIPELINE_CHECKS],
}

# What is younger than this may still be on its way from one database to the next.
PRODUCTION_AGE_SECONDS = 300
ROWS_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One broken sentence of the promise, and some of the rows that break it."""

    service: str
    check: str
    promise: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Report:
    """What an audit found; clean when there are no findings."""

    checked: int
    findings: Sequence[Finding] = field(default=())

    @property
    def clean(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        if self.clean:
            return f"The promise holds: {self.checked} checks, nothing found."
        lines = [f"The promise is BROKEN: {len(self.findings)} of {self.checked} checks found something."]
        for finding in self.findings:
            lines += ["", f"✗ {finding.service}: {finding.check}", f"  {finding.promise}"]
            lines += [f"    {row}" for row in finding.rows[:ROWS_SHOWN]]
            if len(finding.rows) > ROWS_SHOWN:
                lines.append(f"    … and {len(finding.rows) - ROWS_SHOWN} more")
        return "\n".join(lines)


async def audit(urls: Mapping[str, str], *, age_seconds: float = PRODUCTION_AGE_SECONDS) -> Report:
    """Run every check over the databases at `urls` (service → URL of the audit role).

    `age_seconds`: what changed more recently is left out, except by checks that hold at every moment.
    """
    connections = {service: await asyncpg.connect(url) for service, url in urls.items()}
    try:
        within = [
            Finding(service, check.name, check.promise, rows)
            for service, checks in CHECKS.items()
            for check in checks
            if (rows := await _rows(connections[service], check.sql, age_seconds))
        ]
        seen = await look(connections, age_seconds)
        between = [
            Finding("between services", check.name, check.promise, broken)
            for check in BETWEEN
            if (broken := check.finds(seen))
        ]
        return Report(sum(map(len, CHECKS.values())) + len(BETWEEN), [*within, *between])
    finally:
        for connection in connections.values():
            await connection.close()


async def _rows(
    connection: asyncpg.Connection[asyncpg.Record], sql: str, age_seconds: float
) -> list[dict[str, Any]]:
    """Run one check; `$1` is its age where it has one."""
    rows = await connection.fetch(sql, *([age_seconds] if "$1" in sql else []))
    return [dict(row) for row in rows]
