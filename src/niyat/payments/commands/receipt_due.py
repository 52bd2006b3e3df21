"""The intent of a receipt or a refund note: a row in the transaction that takes the money, or gives it back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from niyat.kernel.db import Connection

DUE = """
INSERT INTO receipts_due (gateway_payment_id, refund_id, happened_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


async def receipt_due(
    conn: Connection, gateway_payment_id: str, *, at: datetime, refund_id: UUID | None = None
) -> None:
    """A capture, or a processed refund of it, is to get its number; `commands/issue_receipt.py` gives it."""
    await conn.execute(DUE, gateway_payment_id, refund_id, at)
