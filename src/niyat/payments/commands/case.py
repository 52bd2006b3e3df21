"""The case: the row that everything about one appointment's money locks first, and that numbers its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.events.catalogue import PaymentEvent, RefundEvent
from niyat.events.outbox import publish
from niyat.kernel.db import Connection, Row, one
from niyat.payments.ports import Quote

LOCK = "SELECT *, niyat_now() AS at FROM payment_cases WHERE appointment_id = $1 FOR UPDATE"
OPEN = """
INSERT INTO payment_cases (appointment_id, patient_id, doctor_id, amount, currency, policy, hold_expires_at, starts_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (appointment_id) DO UPDATE SET amount = excluded.amount, currency = excluded.currency,
    policy = excluded.policy, hold_expires_at = excluded.hold_expires_at, starts_at = excluded.starts_at,
    expired_at = CASE WHEN $9 THEN NULL ELSE payment_cases.expired_at END, updated_at = niyat_now()
"""
NUMBER = """
UPDATE payment_cases SET sequence = sequence + 1, updated_at = niyat_now() WHERE appointment_id = $1
RETURNING sequence
"""
NOTE = """
INSERT INTO payment_history (payment_id, appointment_id, gateway_payment_id, refund_id, what, from_status, to_status,
    source, reason_code, actor_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A case whose row is locked by this transaction."""

    row: Row

    @property
    def appointment_id(self) -> UUID:
        found: UUID = self.row["appointment_id"]
        return found

    @property
    def closed(self) -> bool:
        return bool(self.row["status"] == "closed")

    @property
    def at(self) -> datetime:
        """Database time of this transaction."""
        found: datetime = self.row["at"]
        return found


async def open_case(conn: Connection, quote: Quote, *, awaited: bool) -> None:
    """Write the quote into its appointment's case. `awaited`: the patient may pay, should it have expired before."""
    await conn.execute(
        OPEN, quote.appointment_id, quote.patient_id, quote.doctor_id, quote.amount, quote.currency, quote.policy,
        quote.hold_expires_at, quote.starts_at, awaited,
    )  # fmt: skip


async def lock_case(conn: Connection, appointment_id: UUID) -> Case | None:
    """Lock the case of an appointment; None when nobody ever began to pay for it."""
    row = await conn.fetchrow(LOCK, appointment_id)
    return Case(row) if row else None


async def lock_case_of_payment(conn: Connection, payment_id: UUID) -> tuple[Case, Row]:
    """Lock a payment's case and then the payment itself."""
    appointment_id = await conn.fetchval(
        "SELECT appointment_id FROM payment_transactions WHERE payment_id = $1", payment_id
    )
    case = await lock_case(conn, appointment_id)
    payment = await conn.fetchrow(
        "SELECT * FROM payment_transactions WHERE payment_id = $1 FOR UPDATE", payment_id
    )
    if case is None or payment is None:
        raise LookupError(f"payment {payment_id} has no case")
    return case, payment


async def lock_attempt(conn: Connection, gateway_payment_id: str) -> tuple[Case, Row, Row]:
    """Lock an attempt's case, its payment and then the attempt itself."""
    payment_id = await conn.fetchval(
        "SELECT payment_id FROM payment_attempts WHERE gateway_payment_id = $1", gateway_payment_id
    )
    case, payment = await lock_case_of_payment(conn, payment_id)
    attempt = await one(
        conn, "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1 FOR UPDATE", gateway_payment_id
    )
    return case, payment, attempt


async def tell(conn: Connection, case: Case, kind: type[PaymentEvent], payment: Row, **more: Any) -> None:
    """Publish an event about `payment`, numbered by its case."""
    facts = {
        "occurred_at": case.at,
        "payment_id": payment["payment_id"],
        "appointment_id": case.appointment_id,
        "patient_id": case.row["patient_id"],
        "doctor_id": case.row["doctor_id"],
        "amount": payment["amount"],
        "currency": payment["currency"],
        "gateway": payment["gateway"],
    }
    sequence = await conn.fetchval(NUMBER, case.appointment_id)
    await publish(conn, kind(**(facts | more)), sequence=sequence)


async def tell_refund(
    conn: Connection, case: Case, kind: type[RefundEvent], payment: Row, refund: Row, *, by_hand: bool = False
) -> None:
    """Publish an event about a refund of `payment`. The desk's money has no id at the gateway, and no other way."""
    await tell(
        conn, case, kind, payment, refund_id=refund["refund_id"], amount=refund["amount"],
        reason_code=refund["reason_code"],
        gateway_payment_id=None if payment["gateway"] == "manual" else refund["gateway_payment_id"],
        by_hand=by_hand or payment["gateway"] == "manual",
    )  # fmt: skip


async def note(
    conn: Connection,
    payment: Row,
    what: str,
    *,
    source: str,
    attempt: str | None = None,
    refund_id: UUID | None = None,
    was: str | None = None,
    now: str | None = None,
    reason: str | None = None,
    actor_id: UUID | None = None,
) -> None:
    """Add a line to the payment's history."""
    await conn.execute(
        NOTE, payment["payment_id"], payment["appointment_id"], attempt, refund_id, what, was, now, source, reason,
        actor_id,
    )  # fmt: skip
