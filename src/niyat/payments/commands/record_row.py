"""Stores one row of a report as it came, once, and matches it with our money: the first two ways of three."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from niyat.kernel.db import Connection, Row, one
from niyat.payments import reconciliation
from niyat.payments.commands.case import lock_case
from niyat.payments.commands.find_item import find_item
from niyat.payments.commands.post import post
from niyat.payments.commands.record_difference import explained_by_report, record_difference
from niyat.payments.commands.record_fee import record_fee
from niyat.payments.postings import Posting
from niyat.payments.reconciliation import DifferenceKind, Item, difference_of
from niyat.payments.records import SettlementRow

STORE = """
INSERT INTO settlement_rows (settlement_id, type, entity_id, occurrence, net, fee, tax, currency, order_receipt,
    gateway_dispute_id, settled_at, raw)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (settlement_id, type, entity_id, occurrence) DO NOTHING
"""
STORED = """
SELECT * FROM settlement_rows WHERE (settlement_id, type, entity_id, occurrence) = ($1, $2, $3, $4)
"""
MATCHED = "SELECT row_id FROM settlement_matches WHERE type = $1 AND entity_id = $2"
MATCH = """
INSERT INTO settlement_matches (row_id, type, entity_id, appointment_id, payment_id, refund_id, dispute_id, expected)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
MOVED = """
SELECT d.difference_id, e.account, e.amount FROM reconciliation_differences d
    JOIN ledger_transactions t ON t.external_key = 'diff:' || d.difference_id
    JOIN ledger_entries e ON e.transaction_id = t.id
WHERE d.fact = 'missing:' || $1::text
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a row: whether it is matched, and how many differences it brought."""

    matched: bool
    differences: int


async def record_row(conn: Connection, row: SettlementRow, occurrence: int, day: date) -> Recorded:
    """Store and match one row. A row that matched before stays so; one that did not is tried again."""
    key = (row.settlement_id, row.type, row.entity_id, occurrence)
    item = await find_item(conn, row)
    if item is not None:
        await lock_case(conn, item.appointment_id)
        item = await find_item(conn, row)  # as it is under the lock
    await conn.execute(
        STORE, *key, row.net, row.fee, row.tax, row.currency, row.order_receipt, row.gateway_dispute_id,
        row.settled_at, dict(row.raw),
    )  # fmt: skip
    stored = await one(conn, STORED, *key)
    about = f"{row.settlement_id}:{row.entity_id}"
    found = 0
    if stored["raw"] != row.raw:
        found += await _name(conn, DifferenceKind.CHANGED, about, row, row.net - stored["net"], day, item)
    owner = await conn.fetchval(MATCHED, row.type, row.entity_id)
    if owner is not None and owner == stored["row_id"]:
        return Recorded(True, found + await _place(conn, row, item, day))
    if owner is not None or occurrence > 1:
        which = f"{about}:{occurrence}"
        return Recorded(
            False, found + await _name(conn, DifferenceKind.DOUBLED, which, row, row.net, day, item)
        )
    if item is None:
        return Recorded(
            False, found + await _name(conn, DifferenceKind.UNKNOWN, about, row, row.net, day, None)
        )
    return Recorded(True, found + await _match(conn, stored, row, item, about, day))


async def _match(conn: Connection, stored: Row, row: SettlementRow, item: Item, about: str, day: date) -> int:
    expected = item.expected(row.fee)
    await conn.execute(
        MATCH, stored["row_id"], row.type, row.entity_id, item.appointment_id, item.payment_id, item.refund_id,
        item.dispute_id, expected,
    )  # fmt: skip
    await _fee(conn, row, item)
    if expected:
        await _post(conn, reconciliation.settled(stored["settlement_id"], row.entity_id, expected), row, item)
    await explained_by_report(conn, DifferenceKind.UNKNOWN, about)
    missed_as = row.entity_id if item.dispute_id is None else str(row.gateway_dispute_id)
    await explained_by_report(conn, DifferenceKind.MISSING, missed_as)
    await _undo_move(conn, missed_as, row, item)
    found = 0
    if off := difference_of(item, net=row.net, fee=row.fee, tax=row.tax):
        found += await _name(conn, off[0], about, row, off[1], day, item)
    return found + await _place(conn, row, item, day)


async def _place(conn: Connection, row: SettlementRow, item: Item | None, day: date) -> int:
    """The visit that the money is for: one, unless it is on its way back."""
    if item is None or item.placed:
        return 0
    return await _name(conn, DifferenceKind.WITHOUT_VISIT, row.entity_id, row, row.net, day, item)


async def _fee(conn: Connection, row: SettlementRow, item: Item) -> None:
    if item.fee is not None or not row.fee:
        return
    if item.refund_id is not None:
        await _post(conn, reconciliation.refund_fee(item.refund_id, row.fee, row.tax), row, item)
        return
    await record_fee(
        conn, row.entity_id, fee=row.fee, tax=row.tax, currency=row.currency, appointment_id=item.appointment_id,
        payment_id=item.payment_id, at=row.settled_at,
    )  # fmt: skip


async def _undo_move(conn: Connection, missed_as: str, row: SettlementRow, item: Item) -> None:
    """Somebody moved this money out of suspense by hand, because its row was missing: that is taken back."""
    moved = await conn.fetch(MOVED, missed_as)
    if moved:
        entries = tuple((entry["account"], -entry["amount"]) for entry in moved)
        await _post(conn, Posting(f"diff:{moved[0]['difference_id']}:undone", entries), row, item)


async def _post(conn: Connection, posting: Posting, row: SettlementRow, item: Item) -> None:
    await post(
        conn, posting, currency=row.currency, appointment_id=item.appointment_id, payment_id=item.payment_id,
        at=row.settled_at,
    )  # fmt: skip


async def _name(
    conn: Connection,
    kind: DifferenceKind,
    fact: str,
    row: SettlementRow,
    amount: int,
    day: date,
    item: Item | None,
) -> int:
    return await record_difference(
        conn, kind, fact, amount, currency=row.currency, day=day, settlement_id=row.settlement_id,
        entity_id=row.entity_id, item=item,
    )  # fmt: skip
