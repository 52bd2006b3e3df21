"""Which money of ours a row of the gateway's report is about: an attempt, a refund, a dispute's deduction."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from niyat.kernel.db import Connection
from niyat.payments.reconciliation import Item
from niyat.payments.records import SettlementRow

# What was heard of only now finds its visit within the hour, or goes back.
ATTEMPT = """
SELECT a.*, p.placed OR a.captured_at > niyat_now() - interval '1 hour' AS placed
FROM payment_attempts a LEFT JOIN placed_payments p USING (gateway_payment_id)
WHERE a.gateway_payment_id = $1 AND a.captured_amount > 0
"""
REFUND = "SELECT * FROM refunds WHERE gateway_refund_id = $1"
DISPUTE = """
SELECT * FROM disputes d WHERE gateway_dispute_id = $1 AND amount_deducted > 0 AND decided_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM settlement_matches m WHERE m.dispute_id = d.dispute_id)
"""
# The gateway takes a refund's money when it is made; of one that fails, it gives it back as an adjustment.
FAILED = """
SELECT * FROM refunds r WHERE gateway_refund_id = $1 AND status = 'failed' AND NOT EXISTS (
    SELECT FROM settlement_matches m WHERE m.refund_id = r.refund_id AND m.type = 'adjustment')
"""
REFUND_ID = re.compile(r"\brfnd_[A-Za-z0-9]+\b")


async def _payment(conn: Connection, row: SettlementRow) -> Item | None:
    found = await conn.fetchrow(ATTEMPT, row.entity_id)
    if found is None or row.order_receipt not in (None, str(found["payment_id"])):
        return None
    return Item(
        row.entity_id,
        found["captured_amount"],
        found["currency"],
        found["appointment_id"],
        found["payment_id"],
        fee=found["fee"],
        tax=found["tax"],
        placed=bool(found["placed"]),
    )


async def _refund(conn: Connection, row: SettlementRow) -> Item | None:
    found = await conn.fetchrow(REFUND, row.entity_id)
    if found is None:
        return None
    return Item(
        row.entity_id,
        -found["amount"],
        found["currency"],
        found["appointment_id"],
        found["payment_id"],
        fee=None,
        tax=None,
        refund_id=found["refund_id"],
    )


async def _adjustment(conn: Connection, row: SettlementRow) -> Item | None:
    if row.gateway_dispute_id is not None:
        lost = await conn.fetchrow(DISPUTE, row.gateway_dispute_id)
        if lost is None:
            return None
        return Item(
            row.entity_id,
            -lost["amount_deducted"],
            lost["currency"],
            lost["appointment_id"],
            lost["payment_id"],
            dispute_id=lost["dispute_id"],
        )
    named = REFUND_ID.search(row.description)
    failed = await conn.fetchrow(FAILED, named.group()) if named else None
    if failed is None:
        return None
    return Item(
        row.entity_id,
        failed["amount"],
        failed["currency"],
        failed["appointment_id"],
        failed["payment_id"],
        refund_id=failed["refund_id"],
    )


FINDERS: Mapping[str, Callable[[Connection, SettlementRow], Awaitable[Item | None]]] = {
    "payment": _payment,
    "refund": _refund,
    "adjustment": _adjustment,
}


async def find_item(conn: Connection, row: SettlementRow) -> Item | None:
    """The money of ours that this row is about; None when there is none, or it is in another currency."""
    find = FINDERS.get(row.type)
    item = await find(conn, row) if find else None
    return item if item is not None and item.currency == row.currency else None
