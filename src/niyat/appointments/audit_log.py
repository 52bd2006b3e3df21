"""What admins did and why. It only grows; whoever acts on what is their own is in the history alone."""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.domain import Actor
from niyat.appointments.errors import ReasonRequired
from niyat.kernel.db import Connection

REMEMBER = "INSERT INTO audit_log (actor_id, action, subject_id, reason) VALUES ($1, $2, $3, $4)"


async def said_why(conn: Connection, by: Actor, action: str, subject_id: UUID, reason: str | None) -> str:
    """The reason given, else who asked. An admin's goes into the audit log. Raises ReasonRequired where it has none."""
    if by.role == "admin":
        if not reason:
            raise ReasonRequired
        await conn.execute(REMEMBER, by.account_id, action, subject_id, reason)
    return reason or f"{by.role}-request"
