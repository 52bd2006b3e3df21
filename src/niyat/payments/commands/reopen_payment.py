"""An administrator lets the patient pay anew: what was begun is voided, and a fresh order waits to be paid.

Spans transactions. Appointments is asked first, so that nothing is voided when nothing could be paid after it.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.audit_log import remember
from niyat.payments.commands.case import lock_case_of_payment, note
from niyat.payments.commands.initiate import initiate
from niyat.payments.commands.void_payment import tell_override, void_payment
from niyat.payments.parts import Parts

PENDING = """
SELECT payment_id FROM payment_transactions WHERE appointment_id = $1 AND open AND status = 'pending'
"""
ANY = "SELECT EXISTS (SELECT FROM payment_transactions WHERE appointment_id = $1)"


async def reopen_payment(parts: Parts, appointment_id: UUID, *, actor_id: UUID, reason_code: str) -> UUID:
    """The payment that the patient can make now; one that waits to be paid already stays as it is.

    Raises AppointmentNotFound, HoldLapsed, AppointmentCancelled, AlreadyPaid, NoPaymentNeeded, MoneyTaken,
    PaymentUnderWay, PaymentProviderRefused, ServiceUnavailable.
    """
    patient_id = (await parts.appointments.quote(appointment_id)).patient_id
    await parts.appointments.payment_started(appointment_id, patient_id)
    if waiting := await parts.db.fetchval(PENDING, appointment_id):
        known: UUID = waiting
        return known
    if await parts.db.fetchval(ANY, appointment_id):
        await parts.db.run(void_payment, appointment_id, actor_id=actor_id, reason_code=reason_code)
    begun = await initiate(parts, appointment_id, patient_id)
    await parts.db.run(_say, begun.payment_id, actor_id, reason_code)
    return begun.payment_id


async def _say(conn: Connection, payment_id: UUID, actor_id: UUID, reason_code: str) -> None:
    case, payment = await lock_case_of_payment(conn, payment_id)
    await note(
        conn, payment, "override", source="admin", now="pending", reason=reason_code, actor_id=actor_id
    )
    await tell_override(conn, case, payment, "pending", actor_id=actor_id, reason_code=reason_code)
    await remember(conn, actor_id, "reopen-payment", case.appointment_id, reason_code)
