"""Money taken at the desk: a payment of its own with its own ledger account, never an edit of a gateway's payment.

Spans transactions. The intent is stored first, like a gateway's authorisation; `finish_receipt` then secures the
place and takes the money into the books. What a crash leaves half-done, a job finishes (docs/adr/0011).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, one
from niyat.kernel.errors import IdempotencyKeyReused
from niyat.kernel.ids import new_id
from niyat.payments.audit_log import remember
from niyat.payments.commands.case import lock_case, note, open_case
from niyat.payments.commands.finish_receipt import desk_attempt, finish_receipt
from niyat.payments.domain import PaymentMethod
from niyat.payments.errors import (
    AlreadyPaid,
    AmountDiffers,
    AppointmentCancelled,
    NoPaymentNeeded,
    PaymentUnderWay,
)
from niyat.payments.parts import Parts
from niyat.payments.ports import Quote

# The desk's payments have an order and an attempt like all others; both bear the payment's own id.
PAYMENT = """
INSERT INTO payment_transactions (payment_id, appointment_id, account_id, gateway, amount, currency, method, open,
    gateway_order_id)
VALUES ($1, $2, $3, 'manual', $4, $5, $6, false, $7) RETURNING *
"""
ATTEMPT = """
INSERT INTO payment_attempts (gateway_payment_id, payment_id, appointment_id, status, step, amount, currency, method,
    next_at)
VALUES ($1, $2, $3, 'authorized', 'securing', $4, $5, $6, niyat_now())
"""
RECEIPT = """
INSERT INTO manual_receipts (payment_id, method, reference, reason_code, received_by, request)
VALUES ($1, $2, $3, $4, $5, $6)
"""
KNOWN = """
SELECT r.*, p.appointment_id FROM manual_receipts r JOIN payment_transactions p USING (payment_id)
WHERE r.received_by = $1 AND r.request = $2
"""
STEPS = "SELECT step FROM payment_attempts WHERE appointment_id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What the desk says it took. `amount` in minor units, where it was counted; `request` names the request."""

    appointment_id: UUID
    method: PaymentMethod
    reason_code: str
    received_by: UUID
    request: str
    reference: str = ""
    amount: int | None = None

    @property
    def said(self) -> tuple[object, ...]:
        return (self.appointment_id, self.method, self.reason_code, self.reference)


async def record_receipt(parts: Parts, taken: Taken) -> UUID:
    """Record what was taken for a visit, secure the visit and keep the money; the payment's id.

    When this returns, the receipt is kept, or still on its way because appointments did not answer. Raises
    AppointmentNotFound, NoPaymentNeeded, AmountDiffers, IdempotencyKeyReused, ServiceUnavailable, and, with nothing
    taken into the books, AppointmentCancelled, AlreadyPaid, PaymentUnderWay, TimeGone.
    """
    quote = await parts.appointments.quote(taken.appointment_id)
    if not quote.amount:
        raise NoPaymentNeeded
    try:
        payment_id = await parts.db.run(_intend, quote, taken)
    except asyncpg.UniqueViolationError as error:  # the key came with two appointments at once
        raise IdempotencyKeyReused from error
    crash_point("payments:receipt-intended")
    await finish_receipt(parts, payment_id)
    return payment_id


async def _intend(conn: Connection, quote: Quote, taken: Taken) -> UUID:
    if known := await _known(conn, taken):
        return known
    await open_case(conn, quote, awaited=False)
    case = await lock_case(conn, quote.appointment_id)
    if known := await _known(conn, taken):  # it came twice at once
        return known
    if case is None or case.closed:
        raise AppointmentCancelled
    if taken.amount not in (None, quote.amount):
        raise AmountDiffers(amount=quote.amount, currency=quote.currency)
    steps = {row["step"] for row in await conn.fetch(STEPS, quote.appointment_id)}
    if "kept" in steps:
        raise AlreadyPaid
    if steps & {"securing", "capturing"}:
        raise PaymentUnderWay
    return await _store(conn, quote, taken)


async def _known(conn: Connection, taken: Taken) -> UUID | None:
    row = await conn.fetchrow(KNOWN, taken.received_by, taken.request)
    if row is None:
        return None
    if (row["appointment_id"], row["method"], row["reason_code"], row["reference"]) != taken.said:
        raise IdempotencyKeyReused
    payment_id: UUID = row["payment_id"]
    return payment_id


async def _store(conn: Connection, quote: Quote, taken: Taken) -> UUID:
    payment_id = new_id()
    attempt = desk_attempt(payment_id)
    payment = await one(
        conn, PAYMENT, payment_id, quote.appointment_id, quote.patient_id, quote.amount, quote.currency, taken.method,
        attempt,
    )  # fmt: skip
    await conn.execute(
        ATTEMPT, attempt, payment_id, quote.appointment_id, quote.amount, quote.currency, taken.method
    )
    await conn.execute(
        RECEIPT,
        payment_id,
        taken.method,
        taken.reference,
        taken.reason_code,
        taken.received_by,
        taken.request,
    )
    await note(
        conn, payment, "receipt", source="desk", attempt=attempt, now="pending", reason=taken.reason_code,
        actor_id=taken.received_by,
    )  # fmt: skip
    await remember(conn, taken.received_by, "record-receipt", quote.appointment_id, taken.reason_code)
    return payment_id
