"""Tells of a receipt once its money is kept for a visit: what goes back anyway is no news to thank anybody for."""

from __future__ import annotations

from niyat.events.catalogue import ReceiptIssued
from niyat.kernel.db import Connection, Row
from niyat.payments.commands.case import Case, tell
from niyat.payments.receipts import number_text

KEPT = """
SELECT r.receipt_id, r.financial_year, r.series, r.number, r.amount
FROM receipts r JOIN payment_attempts a USING (gateway_payment_id)
WHERE r.gateway_payment_id = $1 AND r.refund_id IS NULL AND a.step = 'kept'
"""


async def tell_receipt(conn: Connection, case: Case, payment: Row, gateway_payment_id: str) -> None:
    """Publish RECEIPT_ISSUED if the money is kept and its receipt is issued; not yet, if one of them is to come.

    Called by whatever brings either about, under the case's lock, so that one of the two sees both.
    """
    receipt = await conn.fetchrow(KEPT, gateway_payment_id)
    if receipt is not None:
        number = number_text(receipt["financial_year"], receipt["series"], receipt["number"])
        await tell(
            conn,
            case,
            ReceiptIssued,
            payment,
            amount=receipt["amount"],
            receipt_id=receipt["receipt_id"],
            receipt_number=number,
        )
