"""Names a difference between the gateway's report and our books, once; a later report may explain it by itself."""

from __future__ import annotations

from datetime import date

from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger
from niyat.payments.reconciliation import DifferenceKind, Item

log = get_logger(__name__)

INSERT = """
INSERT INTO reconciliation_differences AS d (difference_id, kind, fact, settlement_id, entity_id, appointment_id,
    payment_id, refund_id, dispute_id, amount, currency, day)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (fact) DO UPDATE SET amount = excluded.amount WHERE d.status = 'open' AND d.amount <> excluded.amount
RETURNING difference_id
"""
EXPLAIN = """
UPDATE reconciliation_differences SET status = 'explained', explained_at = niyat_now(), reason = $2
WHERE fact = $1 AND status = 'open'
"""


async def record_difference(
    conn: Connection,
    kind: DifferenceKind,
    fact: str,
    amount: int,
    *,
    currency: str,
    day: date,
    settlement_id: str | None,
    entity_id: str | None = None,
    item: Item | None = None,
) -> bool:
    """Store it under `<kind>:<fact>`; False when it is known already. `amount`: by how much theirs is more."""
    difference_id = new_id()
    stored = await conn.fetchval(
        INSERT, difference_id, kind, f"{kind}:{fact}", settlement_id, entity_id,
        item.appointment_id if item else None, item.payment_id if item else None,
        item.refund_id if item else None, item.dispute_id if item else None, amount, currency, day,
    )  # fmt: skip
    if stored != difference_id:
        return False
    log.error("the gateway's report and the books differ", difference_id=str(difference_id), kind=kind)
    return True


async def explained_by_report(conn: Connection, kind: DifferenceKind, fact: str) -> None:
    """A later report has it, or no longer says so."""
    await conn.execute(EXPLAIN, f"{kind}:{fact}", "A later report agrees with the books")
