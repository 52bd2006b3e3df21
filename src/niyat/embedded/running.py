"""What a running `niyat up` tells the other commands of its home: where it listens and how to reach its parts.

The file holds the database administrator's URL, so it is readable by its owner only; it goes when we stop.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from niyat.kernel.errors import NiyatError
from niyat.kernel.private_file import write_private

FILE = "running.json"


class NotRunning(NiyatError):
    """Niyat is not running from this home; start it with `niyat up` (or name its home in NIYAT_HOME)."""


@dataclass(frozen=True)
class Running:
    """`address` is the edge; `postgres_url` administers the databases; the rest is the sandbox's."""

    address: str
    postgres_url: str
    sandbox_url: str | None = None
    mail_port: int | None = None

    def save(self, home: Path) -> None:
        write_private(home / FILE, json.dumps(asdict(self)))

    @classmethod
    def load(cls, home: Path) -> Running:
        """Raises NotRunning."""
        try:
            return cls(**json.loads((home / FILE).read_text()))
        except FileNotFoundError:
            raise NotRunning from None

    @staticmethod
    def forget(home: Path) -> None:
        (home / FILE).unlink(missing_ok=True)
