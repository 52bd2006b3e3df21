"""What administrators did and why. It only grows."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection

REMEMBER = "INSERT INTO audit_log (actor_id, action, subject_id, reason) VALUES ($1, $2, $3, $4)"


async def remember(conn: Connection, *, actor_id: UUID, action: str, subject_id: UUID, reason: str) -> None:
    """Write down that `actor_id` did `action` (in kebab case) to `subject_id`, and why."""
    await conn.execute(REMEMBER, actor_id, action, subject_id, reason)
