"""Leaves one payout out of a batch that nobody approved yet; its money stays owed."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.audit_log import remember
from niyat.payments.commands.move_payout import ALONE, LOCK, move_payout
from niyat.payments.errors import PayoutNotFound, PayoutNotPending
from niyat.payments.payouts import PayoutStatus


async def cancel_payout(conn: Connection, payout_id: UUID, *, reason: str, actor_id: UUID) -> None:
    """Cancel a pending payout. Raises PayoutNotFound, PayoutNotPending."""
    await conn.execute(ALONE)
    payout = await conn.fetchrow(LOCK, payout_id)
    if payout is None:
        raise PayoutNotFound
    if payout["status"] != PayoutStatus.PENDING:
        raise PayoutNotPending
    await remember(conn, actor_id, "cancel-payout", payout_id, reason)
    await move_payout(
        conn, payout, PayoutStatus.CANCELLED, source="admin", reason="left-out", actor_id=actor_id
    )
