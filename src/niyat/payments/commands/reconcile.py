"""Reads the gateway's report of a day and matches it three ways: our money, the report's rows, the bank's total.

Spans transactions: the calls come first, then each row and each settlement has a transaction of its own. All of it
may be repeated at any point; what is known is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from niyat.kernel.backoff import delay
from niyat.kernel.crash import crash_point
from niyat.kernel.db import Row
from niyat.kernel.log import get_logger
from niyat.payments.commands.close_settlement import close_settlement
from niyat.payments.commands.find_overdue import find_overdue
from niyat.payments.commands.record_attempt import record_attempt
from niyat.payments.commands.record_dispute import record_dispute
from niyat.payments.commands.record_refund import record_refund
from niyat.payments.commands.record_row import record_row
from niyat.payments.parts import Parts
from niyat.payments.ports import AttemptFact, RefundFact, Refused, Unknown
from niyat.payments.reconciliation import RunStatus
from niyat.payments.records import DisputeFact, Settlement, SettlementRow

log = get_logger(__name__)

CLAIM = """
UPDATE reconciliation_runs SET next_at = niyat_now() + interval '15 minutes', tries = tries + 1 WHERE run_id IN (
    SELECT run_id FROM reconciliation_runs WHERE status = 'asked' AND next_at <= niyat_now()
    ORDER BY day LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
LATER = """
UPDATE reconciliation_runs SET next_at = niyat_now() + $2::interval, last_error = $3
WHERE run_id = $1 AND status = 'asked'
"""
FINISH = """
UPDATE reconciliation_runs SET status = $2, finished_at = niyat_now(), last_error = $3, settlements = $4,
    rows_read = $5, matched = $6, differences = $7 WHERE run_id = $1 AND status = 'asked'
"""
SETTLED = """
INSERT INTO settlements (settlement_id, amount, currency, utr, day, settled_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
"""
KNOWN = """
SELECT EXISTS (SELECT FROM payment_attempts WHERE gateway_payment_id = $1 AND captured_amount > 0)
    OR EXISTS (SELECT FROM refunds WHERE gateway_refund_id = $1)
    OR EXISTS (SELECT FROM disputes WHERE gateway_dispute_id = $1 AND decided_at IS NOT NULL)
"""
MAX_TRIES = 12


async def reconcile(parts: Parts) -> int:
    """Read every report that is asked for and due; how many were."""
    due = await parts.db.fetch(CLAIM, parts.gateway.breaker.at_once(10))
    for run in due:
        try:
            await _reconcile(parts, run)
        except Exception as error:  # read again at its next turn; the other days must not wait for it
            log.exception("a report could not be reconciled", day=str(run["day"]))
            await _later(parts, run, type(error).__name__)
    return len(due)


async def _reconcile(parts: Parts, run: Row) -> None:
    read = await _read(parts, run["day"])
    if isinstance(read, (Refused, Unknown)):
        await _later(parts, run, read.why if isinstance(read, Unknown) else read.description)
        return
    matched = found = rows_read = 0
    for settlement, rows in read:
        rows_read += len(rows)
        counted = await _match(parts, settlement, rows, run["day"])
        matched, found = matched + counted[0], found + counted[1]
    overdue = timedelta(days=parts.settings.settlement_overdue_days)
    found += await parts.db.run(find_overdue, overdue)
    await parts.db.execute(FINISH, run["run_id"], RunStatus.DONE, None, len(read), rows_read, matched, found)
    log.info(
        "a report was reconciled", day=str(run["day"]), rows=rows_read, matched=matched, differences=found
    )


async def _read(
    parts: Parts, day: date
) -> Sequence[tuple[Settlement, Sequence[SettlementRow]]] | Refused | Unknown:
    """The settlements of that day with their rows, or no clear answer."""
    report = await parts.records.settlement_report(day)
    if isinstance(report, (Refused, Unknown)):
        return report
    read = []
    for settlement_id in sorted({row.settlement_id or "" for row in report}):
        settlement = await parts.records.settlement(settlement_id)
        if isinstance(settlement, (Refused, Unknown)):
            return settlement
        read.append((settlement, [row for row in report if row.settlement_id == settlement_id]))
    return read


async def _match(
    parts: Parts, settlement: Settlement, rows: Sequence[SettlementRow], day: date
) -> tuple[int, int]:
    """How many rows are matched, and how many new differences there are."""
    await parts.db.execute(
        SETTLED, settlement.settlement_id, settlement.amount, rows[0].currency, settlement.utr, day,
        max(row.settled_at for row in rows),
    )  # fmt: skip
    matched = found = 0
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        seen[row.type, row.entity_id] += 1
        await _look_up(parts, row)
        recorded = await parts.db.run(record_row, row, seen[row.type, row.entity_id], day)
        matched, found = matched + recorded.matched, found + recorded.differences
        crash_point("payments:settlement-row-recorded")
    return matched, found + await parts.db.run(close_settlement, settlement.settlement_id)


async def _look_up(parts: Parts, row: SettlementRow) -> None:
    """Ask the gateway about what a row names and we do not know: its webhook may have been lost, and our rows too."""
    named = row.gateway_dispute_id if row.type == "adjustment" else row.entity_id
    if named is None or await parts.db.fetchval(KNOWN, named):
        return
    answer: object = None
    if row.type == "payment":
        answer = await parts.gateway.fetch_payment(named)
    elif row.type == "refund":
        answer = await parts.gateway.fetch_refund(named)
    elif row.type == "adjustment":
        answer = await parts.records.dispute(named)
    if isinstance(answer, AttemptFact):
        await parts.db.run(record_attempt, answer, source="report")
    elif isinstance(answer, RefundFact):
        await parts.db.run(record_refund, answer, source="report")
    elif isinstance(answer, DisputeFact):
        await parts.db.run(record_dispute, answer, source="gateway")


async def _later(parts: Parts, run: Row, why: str) -> None:
    """Again, ever more rarely; after some hours the reading has failed, and the next day asks anew."""
    if run["tries"] >= MAX_TRIES:
        log.error("a report could not be read", day=str(run["day"]), why=why)
        await parts.db.execute(FINISH, run["run_id"], RunStatus.FAILED, why, 0, 0, 0, 0)
        return
    wait = delay(run["tries"], base_seconds=30, longest_seconds=3600)
    await parts.db.execute(LATER, run["run_id"], wait, why)
