"""Compares what a settlement sent to the bank with what its rows explain: the third way of the match.

The bank's account always has what was sent. What no row explains is in suspense, with a difference that names it:
our oldest items without a row where they make up the sum, else the total.
"""

from __future__ import annotations

from functools import partial

from niyat.kernel.db import Connection, Row, one
from niyat.payments import reconciliation
from niyat.payments.commands.post import post
from niyat.payments.commands.record_difference import explained_by_report, record_difference
from niyat.payments.reconciliation import DifferenceKind, Item, missing_items

LOCK = "SELECT pg_advisory_xact_lock(14, hashtext($1))"  # 14: our lock space for settlements
SETTLEMENT = """
SELECT s.*, (SELECT coalesce(sum(m.expected), 0) FROM settlement_matches m JOIN settlement_rows r USING (row_id)
        WHERE r.settlement_id = s.settlement_id)::bigint AS matched,
    (SELECT coalesce(sum(r.net - coalesce(m.expected, 0)), 0) FROM settlement_rows r
        LEFT JOIN settlement_matches m USING (row_id) WHERE r.settlement_id = s.settlement_id)::bigint AS odd,
    (SELECT coalesce(-sum(d.amount), 0) FROM reconciliation_differences d
        WHERE d.settlement_id = s.settlement_id AND d.kind = 'missing' AND NOT EXISTS (
            SELECT FROM settlement_matches m WHERE m.entity_id = d.entity_id OR m.dispute_id = d.dispute_id)
    )::bigint AS named
FROM settlements s WHERE s.settlement_id = $1
"""
REMAINDERS = """
SELECT count(DISTINCT t.id) AS number, coalesce(sum(e.amount), 0)::bigint AS posted
FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'bank'
WHERE starts_with(t.external_key, 'setl:' || $1::text || ':remainder:')
"""
# The oldest first: a settlement pays everything up to some moment.
UNSETTLED = """
SELECT * FROM unsettled_items i
WHERE currency = $1 AND NOT EXISTS (SELECT FROM reconciliation_differences d WHERE d.fact = 'missing:' || i.entity_id)
ORDER BY happened_at, entity_id LIMIT 5000
"""
PLACED_AFTER_ALL = """
SELECT d.entity_id FROM reconciliation_differences d JOIN placed_payments p ON p.gateway_payment_id = d.entity_id
WHERE d.settlement_id = $1 AND d.kind = 'without-visit' AND d.status = 'open' AND p.placed
"""


async def close_settlement(conn: Connection, settlement_id: str) -> int:
    """Book what the rows of a settlement leave over, and name it; how many new differences there are.

    All rows that were read of it are recorded. Safe to repeat: later rows take out of suspense what they explain.
    """
    await conn.execute(LOCK, settlement_id)
    settlement = await one(conn, SETTLEMENT, settlement_id)
    remainder = settlement["amount"] - settlement["matched"]
    booked = await one(conn, REMAINDERS, settlement_id)
    if more := remainder - booked["posted"]:
        await post(
            conn, reconciliation.remainder_settled(settlement_id, booked["number"] + 1, more),
            currency=settlement["currency"], appointment_id=None, payment_id=None, at=settlement["settled_at"],
        )  # fmt: skip
    for late in await conn.fetch(PLACED_AFTER_ALL, settlement_id):
        await explained_by_report(conn, DifferenceKind.WITHOUT_VISIT, late["entity_id"])
    unsettled = [(item_of(row), row["net"]) for row in await conn.fetch(UNSETTLED, settlement["currency"])]
    items, left = missing_items(remainder - settlement["named"], settlement["odd"], unsettled) or ((), 0)
    name = partial(
        record_difference,
        conn,
        currency=settlement["currency"],
        day=settlement["day"],
        settlement_id=settlement_id,
    )
    found = 0
    for item in items:
        found += await name(
            DifferenceKind.MISSING, item.entity_id, -item.amount, entity_id=item.entity_id, item=item
        )
    if not left:
        await explained_by_report(conn, DifferenceKind.TOTAL_DIFFERS, settlement_id)
        return found
    return found + await name(DifferenceKind.TOTAL_DIFFERS, settlement_id, left)


def item_of(row: Row) -> Item:
    """A row of `unsettled_items`; its amount is net."""
    return Item(
        row["entity_id"], row["net"], row["currency"], row["appointment_id"], row["payment_id"],
        refund_id=row["refund_id"], dispute_id=row["dispute_id"],
    )  # fmt: skip
