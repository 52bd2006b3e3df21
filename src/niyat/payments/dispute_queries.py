"""Reads of disputes, for administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from niyat.kernel.db import Database, Reader
from niyat.payments.errors import DisputeNotFound

DISPUTES = """
SELECT d.*, coalesce(l.amount, 0) AS double_loss FROM disputes d LEFT JOIN double_losses l USING (gateway_payment_id)
"""
PAGE = (
    DISPUTES
    + """
WHERE ($1::text IS NULL OR d.status = $1) AND ($2::uuid IS NULL OR d.dispute_id < $2)
ORDER BY d.dispute_id DESC LIMIT $3
"""
)
ONE = DISPUTES + "WHERE d.dispute_id = $1"
NOTES = """
SELECT actor_id AS noted_by, reason AS note, at AS noted_at FROM audit_log
WHERE subject_id = $1 AND action = 'note-dispute' ORDER BY id
"""


async def disputes(db: Database, status: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Disputes before that one, the newest first, and one more than `limit` if there are more."""
    return [dict(row) for row in await db.fetch(PAGE, status, before, limit + 1)]


async def dispute_in_full(db: Reader, dispute_id: UUID) -> dict[str, Any]:
    """One dispute with its notes. Raises DisputeNotFound."""
    row = await db.fetchrow(ONE, dispute_id)
    if row is None:
        raise DisputeNotFound
    return dict(row) | {"notes": [dict(note) for note in await db.fetch(NOTES, dispute_id)]}
