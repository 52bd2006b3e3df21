"""Reads of receipts and refund notes, flat, as the API and the PDF show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Database, Row
from niyat.payments.receipts import Series, number_text

# A refund that was processed may fail after all; its note keeps its number and is void from then on.
COLUMNS = """
SELECT r.*, o.financial_year AS of_year, o.series AS of_series, o.number AS of_number,
    CASE WHEN f.status = 'failed' THEN (SELECT max(h.happened_at) FROM payment_history h
        WHERE h.refund_id = r.refund_id AND h.to_status = 'failed') END AS voided_at
FROM receipts r LEFT JOIN receipts o ON o.receipt_id = r.receipt_of_note
    LEFT JOIN refunds f ON f.refund_id = r.refund_id
"""
OF_PAYMENT = (
    COLUMNS
    + """
JOIN payment_transactions p ON p.payment_id = r.payment_id
WHERE r.payment_id = $1 AND r.refund_id IS NULL AND r.gateway_payment_id = coalesce($2, p.gateway_payment_id)
"""
)
OF_REFUND = COLUMNS + "WHERE r.refund_id = $1"


async def receipt_of_payment(
    db: Database, payment_id: UUID, gateway_payment_id: str | None = None
) -> dict[str, Any] | None:
    """The receipt of one capture of a payment; without a name, of the one whose money it kept. None: not issued."""
    return _shaped(await db.fetchrow(OF_PAYMENT, payment_id, gateway_payment_id))


async def note_of_refund(db: Database, refund_id: UUID) -> dict[str, Any] | None:
    """The note of a refund; None: not processed, or not issued yet."""
    return _shaped(await db.fetchrow(OF_REFUND, refund_id))


def _shaped(row: Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    said: dict[str, Any] = row["snapshot"]
    note = row["series"] == Series.NOTE
    return (
        dict(row)
        | said
        | {
            "kind": "note" if note else "receipt",
            "number": number_text(row["financial_year"], row["series"], row["number"]),
            "receipt_number": number_text(row["of_year"], row["of_series"], row["of_number"])
            if note
            else None,
            "starts_at": datetime.fromisoformat(said["starts_at"]),
        }
    )
