"""Begins a payment (protocol step 1): quote, intent, order. One open payment per appointment, one order per payment.

Spans transactions: the intent is stored before the gateway is asked, and an answer that was lost is looked up
by its receipt, so the same order is adopted and no second one is ever shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from niyat.events.catalogue import PaymentInitiated
from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import lock_case, lock_case_of_payment, note, open_case, tell
from niyat.payments.domain import Step
from niyat.payments.errors import AlreadyPaid, AppointmentCancelled, PaymentProviderRefused, PaymentUnderWay
from niyat.payments.parts import Parts
from niyat.payments.ports import Order, Quote, Refused, Unknown
from niyat.payments.reasons import reason_code

log = get_logger(__name__)

OPEN = "SELECT * FROM payment_transactions WHERE appointment_id = $1 AND open FOR UPDATE"
MONEY = """
SELECT a.step, p.gateway FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
WHERE a.appointment_id = $1 AND a.step IN ('securing', 'capturing', 'kept') ORDER BY a.step = 'kept' DESC
"""
SUPERSEDE = "UPDATE payment_transactions SET open = false, updated_at = niyat_now() WHERE payment_id = $1"
INSERT = """
INSERT INTO payment_transactions (payment_id, appointment_id, account_id, amount, currency, poll_at)
VALUES ($1, $2, $3, $4, $5, coalesce($6, niyat_now()) - interval '20 seconds') RETURNING *
"""
CLAIM_ORDER = """
UPDATE payment_transactions t SET order_asked_at = coalesce(t.order_asked_at, niyat_now()),
    order_lease_until = niyat_now() + $2
FROM (SELECT payment_id, order_asked_at FROM payment_transactions WHERE payment_id = $1 FOR UPDATE) before
WHERE t.payment_id = before.payment_id AND t.gateway_order_id IS NULL AND t.open
    AND (t.order_lease_until IS NULL OR t.order_lease_until <= niyat_now())
RETURNING before.order_asked_at IS NOT NULL AS asked_before
"""
ORDER_OF = "SELECT gateway_order_id FROM payment_transactions WHERE payment_id = $1"
ADOPT = """
UPDATE payment_transactions SET gateway_order_id = $2, order_lease_until = NULL, updated_at = niyat_now()
WHERE payment_id = $1 AND gateway_order_id IS NULL AND open RETURNING *
"""
RELEASE_LEASE = "UPDATE payment_transactions SET order_lease_until = NULL WHERE payment_id = $1"
GIVE_UP = """
UPDATE payment_transactions SET status = 'failed', open = false, poll_at = NULL, order_lease_until = NULL,
    updated_at = niyat_now()
WHERE payment_id = $1 AND gateway_order_id IS NULL AND status = 'pending' RETURNING *
"""
RETRY_AFTER_SECONDS = 2
NO_ANSWER = "The payment provider does not answer; try again in a moment."


@dataclass(frozen=True, slots=True)
class Initiated:
    """The payment whose order can be paid. `new`: this call created it."""

    payment_id: UUID
    new: bool


async def initiate(parts: Parts, appointment_id: UUID, account_id: UUID) -> Initiated:
    """Begin to pay for an appointment, or go on with the payment that is open.

    Raises AppointmentNotFound, HoldLapsed, AppointmentCancelled, AlreadyPaid, NoPaymentNeeded, PaymentUnderWay,
    PaymentProviderRefused, ServiceUnavailable (try again: nothing is lost, nothing is doubled).
    """
    quote = await parts.appointments.payment_started(appointment_id, account_id)
    payment, new = await parts.db.run(_intend, quote, account_id)
    crash_point("payments:order-intended")
    if payment["gateway_order_id"] is None:
        await obtain_order(parts, payment)
    return Initiated(payment["payment_id"], new)


async def _intend(conn: Connection, quote: Quote, account_id: UUID) -> tuple[Row, bool]:
    await open_case(conn, quote, awaited=True)
    case = await lock_case(conn, quote.appointment_id)
    if case is not None and case.closed:
        raise AppointmentCancelled
    await _refuse_if_money(conn, quote.appointment_id)
    payment = await conn.fetchrow(OPEN, quote.appointment_id)
    if payment and (payment["amount"], payment["currency"]) == (quote.amount, quote.currency):
        return payment, False
    if payment:
        # The price changed. The gateway cannot withdraw an order: if it is paid after all, `secure` says mismatch.
        await conn.execute(SUPERSEDE, payment["payment_id"])
        await note(conn, payment, "superseded", source="initiate", reason="price-changed")
    payment = await one(
        conn,
        INSERT,
        new_id(),
        quote.appointment_id,
        account_id,
        quote.amount,
        quote.currency,
        quote.hold_expires_at,
    )
    await note(conn, payment, "status", source="initiate", now="pending")
    return payment, True


async def _refuse_if_money(conn: Connection, appointment_id: UUID) -> None:
    """Appointments may not know yet of money that was taken at the desk, or is being taken: nothing is to be paid."""
    for row in await conn.fetch(MONEY, appointment_id):
        if row["step"] == Step.KEPT:
            raise AlreadyPaid
        if row["gateway"] == "manual":
            raise PaymentUnderWay


async def claim_order(parts: Parts, payment_id: UUID) -> Row | None:
    """Take the lease on a missing order, and say whether it was asked for before; None: another worker is at it."""
    return await parts.db.fetchrow(CLAIM_ORDER, payment_id, timedelta(seconds=parts.settings.lease_seconds))


async def obtain_order(parts: Parts, payment: Row) -> None:
    """Get the order of a stored intent: adopt the one that exists, else create it.

    Raises PaymentProviderRefused, or ServiceUnavailable while it is unknown or another worker is at it.
    """
    payment_id = payment["payment_id"]
    if parts.gateway.breaker.rest_seconds:
        raise _not_now(parts, NO_ANSWER)  # before anything says that an order was asked for
    claim = await claim_order(parts, payment_id)
    if claim is None:
        if await parts.db.fetchval(ORDER_OF, payment_id):
            return
        raise _not_now(parts, "This payment is being prepared; try again in a moment.")
    answer = await _find_or_create(parts, payment, asked_before=claim["asked_before"])
    crash_point("payments:order-created")
    if isinstance(answer, Order):
        if not await parts.db.run(adopt, payment_id, answer.order_id):
            raise _not_now(parts, "This payment was closed meanwhile; look again in a moment.")
    elif isinstance(answer, Refused):
        log.error("the gateway refuses an order", code=answer.code, reason=answer.reason)
        await parts.db.run(give_up, payment_id, reason_code(answer.reason))
        raise PaymentProviderRefused
    else:
        await parts.db.execute(RELEASE_LEASE, payment_id)
        raise _not_now(parts, NO_ANSWER)


def _not_now(parts: Parts, detail: str) -> ServiceUnavailable:
    wait = math.ceil(parts.gateway.breaker.rest_seconds)
    return ServiceUnavailable(detail, retry_after_seconds=max(wait, RETRY_AFTER_SECONDS))


async def _find_or_create(parts: Parts, payment: Row, *, asked_before: bool) -> Order | Refused | Unknown:
    if asked_before:
        found = await by_receipt(parts, payment)
        if found is not None:
            return found
    answer = await parts.gateway.create_order(
        payment["payment_id"],
        payment["amount"],
        payment["currency"],
        {"payment_id": str(payment["payment_id"]), "appointment_id": str(payment["appointment_id"])},
    )
    if isinstance(answer, Unknown):
        return await by_receipt(parts, payment) or answer
    return answer


async def by_receipt(parts: Parts, payment: Row) -> Order | Unknown | None:
    """The oldest order with our receipt, amount and currency; None when there is none."""
    answer = await parts.gateway.find_orders_by_receipt(payment["payment_id"])
    if isinstance(answer, (Refused, Unknown)):
        return Unknown("the search by receipt was not answered")
    wanted = (str(payment["payment_id"]), payment["amount"], payment["currency"])
    return next((o for o in reversed(answer) if (o.receipt, o.amount, o.currency) == wanted), None)


async def adopt(conn: Connection, payment_id: UUID, order_id: str) -> bool:
    """Store the order of an open payment, once, and say that it can be paid; False: it is not to be shown."""
    case, _ = await lock_case_of_payment(conn, payment_id)
    payment = await conn.fetchrow(ADOPT, payment_id, order_id)
    if payment is None:
        return bool(await conn.fetchval(ORDER_OF, payment_id))
    await note(conn, payment, "order", source="gateway", now="created")
    await tell(conn, case, PaymentInitiated, payment, order_id=order_id)
    return True


async def give_up(conn: Connection, payment_id: UUID, reason: str) -> None:
    """A payment that has no order and will get none."""
    await lock_case_of_payment(conn, payment_id)
    payment = await conn.fetchrow(GIVE_UP, payment_id)
    if payment is not None:
        await note(conn, payment, "status", source="gateway", was="pending", now="failed", reason=reason)
