"""An administrator's note on a dispute: what was sent as evidence, what the bank said. It only grows."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.audit_log import remember
from niyat.payments.errors import DisputeNotFound

EXISTS = "SELECT EXISTS (SELECT FROM disputes WHERE dispute_id = $1)"


async def note_dispute(conn: Connection, dispute_id: UUID, note: str, *, actor_id: UUID) -> None:
    """Keep `note` with the dispute. Raises DisputeNotFound."""
    if not await conn.fetchval(EXISTS, dispute_id):
        raise DisputeNotFound
    await remember(conn, actor_id, "note-dispute", dispute_id, note)
