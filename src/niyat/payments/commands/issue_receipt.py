"""Issues what is due: a receipt for each capture, a note for each processed refund, with the next number.

Spans transactions: claim, ask appointments for doctor and clinic, then number and snapshot in one transaction that
also takes the intent away. Numbers are given in the order in which the money moved, among those that are due
together; one whose facts cannot be had is passed by, and gets a later number of the year in which its money moved.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from niyat.kernel.backoff import delay
from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.errors import NiyatError
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import lock_case_of_payment
from niyat.payments.commands.tell_receipt import tell_receipt
from niyat.payments.domain import RefundStatus
from niyat.payments.parts import Parts
from niyat.payments.ports import Visit
from niyat.payments.receipts import Series, financial_year, taxed
from niyat.payments.settings import PaymentsSettings

log = get_logger(__name__)

CLAIM = """
UPDATE receipts_due SET next_at = niyat_now() + $1, tries = tries + 1 WHERE id IN (
    SELECT id FROM receipts_due WHERE next_at <= niyat_now() ORDER BY happened_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING *, (SELECT appointment_id FROM payment_attempts a
    WHERE a.gateway_payment_id = receipts_due.gateway_payment_id) AS appointment_id
"""
LATER = "UPDATE receipts_due SET next_at = niyat_now() + $2, last_error = $3 WHERE id = $1"
# Everything about one appointment's money locks its case first; the rows that a receipt names come after it.
CASE = """
SELECT FROM payment_cases WHERE appointment_id = (
    SELECT a.appointment_id FROM receipts_due d JOIN payment_attempts a USING (gateway_payment_id) WHERE d.id = $1)
FOR UPDATE
"""
# Taken by whoever deletes it: the other worker of a lease that lapsed finds nothing, and takes no number.
TAKE = "DELETE FROM receipts_due WHERE id = $1 RETURNING *"
CAPTURE = """
SELECT a.gateway_payment_id, a.payment_id, a.appointment_id, a.captured_amount, a.captured_at, a.currency, p.account_id,
    p.gateway, p.gateway_order_id, coalesce(m.method, a.method, p.method) AS method, m.reference
FROM payment_attempts a JOIN payment_transactions p USING (payment_id) LEFT JOIN manual_receipts m USING (payment_id)
WHERE a.gateway_payment_id = $1
"""
REFUND = """
SELECT r.*, m.method, m.reference FROM refunds r LEFT JOIN manual_refunds m USING (refund_id) WHERE r.refund_id = $1
"""
RECEIPT = "SELECT * FROM receipts WHERE gateway_payment_id = $1 AND refund_id IS NULL"
NEXT = """
INSERT INTO receipt_series AS s (financial_year, series, last_number) VALUES ($1, $2, 1)
ON CONFLICT (financial_year, series) DO UPDATE SET last_number = s.last_number + 1 RETURNING last_number
"""
ISSUE = """
INSERT INTO receipts (receipt_id, financial_year, series, number, payment_id, appointment_id, account_id,
    gateway_payment_id, refund_id, receipt_of_note, amount, currency, happened_at, snapshot)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
AT_ONCE = 50
LONGEST_WAIT_SECONDS = 900


class ReceiptMissing(NiyatError):
    """The receipt of this refund's money is not issued yet."""


async def issue_receipts(parts: Parts) -> int:
    """Issue everything that is due, the oldest first; how many were due."""
    lease = timedelta(seconds=parts.settings.lease_seconds)
    due = await parts.db.fetch(CLAIM, lease, AT_ONCE)
    for row in sorted(due, key=lambda row: (row["happened_at"], row["id"])):
        try:
            await _issue(parts, row)
        except NiyatError as error:  # unknown, or not there: asked again; the others do not wait for it
            wait = delay(row["tries"], base_seconds=2, longest_seconds=LONGEST_WAIT_SECONDS)
            log.warning("a receipt waits", gateway_payment_id=row["gateway_payment_id"], why=error.code)
            await parts.db.execute(LATER, row["id"], wait, error.code)
    return len(due)


async def _issue(parts: Parts, due: Row) -> None:
    crash_point("payments:receipt-claimed")
    if due["refund_id"] is None:
        visit = await parts.appointments.visit(due["appointment_id"])
        crash_point("payments:receipt-facts-known")
        await parts.db.run(issue_receipt, due["id"], visit, parts.settings)
    else:
        await parts.db.run(issue_note, due["id"], parts.settings)
    crash_point("payments:receipt-issued")


async def issue_receipt(
    conn: Connection, due_id: int, visit: Visit, settings: PaymentsSettings
) -> UUID | None:
    """Give a capture its number and keep what its receipt says; None when somebody else just did."""
    due = await _take(conn, due_id)
    if due is None:
        return None
    capture = await one(conn, CAPTURE, due["gateway_payment_id"])
    at_desk = capture["gateway"] == "manual"
    snapshot = visit.as_json() | {
        "tax_number": settings.clinic_tax_number,
        "service_code": settings.service_code,
        "tax_percent": settings.service_tax_percent,
        "at_desk": at_desk,
        "method": capture["method"],
        "reference": capture["reference"] if at_desk else capture["gateway_payment_id"],
        "order_id": None if at_desk else capture["gateway_order_id"],
    }
    snapshot |= taxed(
        capture["captured_amount"], settings.service_tax_percent, settings.service_tax_exemption
    ).as_json()
    made = await _store(
        conn, Series.RECEIPT, capture, amount=capture["captured_amount"], at=capture["captured_at"],
        snapshot=snapshot, settings=settings,
    )  # fmt: skip
    case, payment = await lock_case_of_payment(conn, capture["payment_id"])
    await tell_receipt(conn, case, payment, capture["gateway_payment_id"])
    return made


async def issue_note(conn: Connection, due_id: int, settings: PaymentsSettings) -> UUID | None:
    """Give a processed refund its number, with the receipt's own facts. Raises ReceiptMissing.

    None when somebody else just did, or when the refund failed after all before anybody had its note.
    """
    due = await _take(conn, due_id)
    if due is None:
        return None
    refund = await one(conn, REFUND, due["refund_id"])
    if refund["status"] != RefundStatus.PROCESSED:
        return None
    receipt = await conn.fetchrow(RECEIPT, due["gateway_payment_id"])
    if receipt is None:
        raise ReceiptMissing
    said = receipt["snapshot"]
    snapshot = said | {
        "method": refund["method"] or said["method"],
        "reference": refund["gateway_refund_id"] or refund["reference"],
    }
    snapshot |= taxed(refund["amount"], said["tax_percent"], said["exemption"]).as_json()
    return await _store(
        conn, Series.NOTE, receipt, amount=refund["amount"], at=due["happened_at"], snapshot=snapshot,
        settings=settings, refund_id=refund["refund_id"], receipt_id=receipt["receipt_id"],
    )  # fmt: skip


async def _take(conn: Connection, due_id: int) -> Row | None:
    await conn.execute(CASE, due_id)
    return await conn.fetchrow(TAKE, due_id)


async def _store(
    conn: Connection,
    series: Series,
    of: Row,
    *,
    amount: int,
    at: datetime,
    snapshot: dict[str, Any],
    settings: PaymentsSettings,
    refund_id: UUID | None = None,
    receipt_id: UUID | None = None,
) -> UUID:
    year = financial_year(at, settings.clinic_time_zone)
    number = await conn.fetchval(NEXT, year, series)
    crash_point("payments:receipt-number-taken")
    made = new_id()
    await conn.execute(
        ISSUE, made, year, series, number, of["payment_id"], of["appointment_id"], of["account_id"],
        of["gateway_payment_id"], refund_id, receipt_id, amount, of["currency"], at,
        snapshot | {"clinic_time_zone": settings.clinic_time_zone},
    )  # fmt: skip
    return made
