"""Names money of ours that should long have been in a settlement's report and is in none."""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.db import Connection
from niyat.payments.commands.close_settlement import item_of
from niyat.payments.commands.record_difference import record_difference
from niyat.payments.reconciliation import DifferenceKind

OVERDUE = """
SELECT i.*, (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date AS day FROM unsettled_items i
WHERE i.happened_at < niyat_now() - $1::interval
    AND NOT EXISTS (SELECT FROM reconciliation_differences d WHERE d.fact = 'missing:' || i.entity_id)
ORDER BY i.happened_at, i.entity_id LIMIT 1000
"""


async def find_overdue(conn: Connection, after: timedelta) -> int:
    """Name what happened longer than `after` ago and is in no report; how many there are that were not known."""
    found = 0
    for row in await conn.fetch(OVERDUE, after):
        item = item_of(row)
        found += await record_difference(
            conn, DifferenceKind.MISSING, item.entity_id, -item.amount, currency=item.currency, day=row["day"],
            settlement_id=None, entity_id=item.entity_id, item=item,
        )  # fmt: skip
    return found
