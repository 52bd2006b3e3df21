"""Write to an address again, by an admin who says why: a mailbox that works again, a person who asked for it."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.notifications.audit_log import remember
from niyat.notifications.errors import SuppressionNotFound

LIFT = """
UPDATE suppressed_addresses SET lifted_at = niyat_now(), lifted_by = $2 WHERE id = $1 AND lifted_at IS NULL
RETURNING id
"""


async def lift_suppression(conn: Connection, suppression_id: UUID, *, actor_id: UUID, reason: str) -> None:
    """Raises SuppressionNotFound, also when it was lifted before."""
    if await conn.fetchval(LIFT, suppression_id, actor_id) is None:
        raise SuppressionNotFound
    await remember(
        conn, actor_id=actor_id, action="lift-suppression", subject_id=suppression_id, reason=reason
    )
