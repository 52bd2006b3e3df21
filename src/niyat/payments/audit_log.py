"""What administrators did and why. It only grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Connection, Database

OPERATOR = UUID(int=0)
"""Whoever has the command line of this machine: no account, and nobody's word for it but the machine's."""

REMEMBER = "INSERT INTO audit_log (actor_id, action, subject_id, reason) VALUES ($1, $2, $3, $4)"
LIST = """
SELECT id AS line_id, actor_id, action, subject_id, reason, at FROM audit_log
WHERE ($1::text IS NULL OR action = $1) AND ($2::uuid IS NULL OR actor_id = $2)
    AND ($3::uuid IS NULL OR subject_id = $3) AND ($4::timestamptz IS NULL OR at >= $4)
    AND ($5::timestamptz IS NULL OR at < $5) AND ($6::bigint IS NULL OR id < $6)
ORDER BY id DESC LIMIT $7
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which lines; of the one instant on, and before the other."""

    action: str | None = None
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


async def remember(conn: Connection, actor_id: UUID, action: str, subject_id: UUID, reason: str) -> None:
    """Write down that `actor_id` did `action` to an appointment, a payment, a refund or whatever it was."""
    await conn.execute(REMEMBER, actor_id, action, subject_id, reason)


async def audit_lines(
    db: Database, which: AuditFilter, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Lines before that one, the newest first, and one more than `limit` if there are more."""
    rows = await db.fetch(
        LIST, which.action, which.actor_id, which.subject_id, which.from_at, which.to_at, before, limit + 1
    )
    return [dict(row) for row in rows]
