"""An administrator ends an attempt to pay that nobody will finish, so that the patient can pay anew.

Money that was taken is not undone here: it goes back by a refund. The order cannot be withdrawn at the gateway; should
it be paid after all, that is late money, which the ordinary path secures or gives back.
"""

from __future__ import annotations

from uuid import UUID

from niyat.events.catalogue import PaymentOverridden
from niyat.kernel.db import Connection, Row
from niyat.payments.audit_log import remember
from niyat.payments.commands.case import Case, lock_case, note, tell
from niyat.payments.domain import PaymentStatus
from niyat.payments.errors import MoneyTaken, PaymentNotFound, PaymentUnderWay

SHOWN = """
SELECT * FROM payment_transactions WHERE appointment_id = $1 ORDER BY open DESC, payment_id DESC LIMIT 1 FOR UPDATE
"""
STEPS = "SELECT step, payment_id FROM payment_attempts WHERE appointment_id = $1"
# An order that was never made is not asked about any more.
VOID = """
UPDATE payment_transactions SET status = 'failed', open = false, updated_at = niyat_now(),
    poll_at = CASE WHEN gateway_order_id IS NOT NULL THEN poll_at END WHERE payment_id = $1
"""
UNPAID = (PaymentStatus.PENDING, PaymentStatus.FAILED, PaymentStatus.AUTHORIZED)


async def void_payment(conn: Connection, appointment_id: UUID, *, actor_id: UUID, reason_code: str) -> UUID:
    """Void the attempt that is open, or was last; its payment's id. One that is over already stays as it is.

    Raises PaymentNotFound, MoneyTaken, PaymentUnderWay.
    """
    case = await lock_case(conn, appointment_id)
    payment = await conn.fetchrow(SHOWN, appointment_id)
    if case is None or payment is None:
        raise PaymentNotFound
    await refuse_if_money(conn, payment)
    if payment["open"] or payment["status"] != PaymentStatus.FAILED:
        await conn.execute(VOID, payment["payment_id"])
        await note(
            conn, payment, "status", source="admin", was=payment["status"], now="failed", reason=reason_code,
            actor_id=actor_id,
        )  # fmt: skip
        await tell_override(conn, case, payment, "failed", actor_id=actor_id, reason_code=reason_code)
        await remember(conn, actor_id, "void-payment", appointment_id, reason_code)
    payment_id: UUID = payment["payment_id"]
    return payment_id


async def refuse_if_money(conn: Connection, payment: Row) -> None:
    """Raises MoneyTaken when any of the appointment's money is kept, PaymentUnderWay while some is on its way."""
    steps = {row["step"]: row["payment_id"] for row in await conn.fetch(STEPS, payment["appointment_id"])}
    if "kept" in steps:
        raise MoneyTaken(payment_id=str(steps["kept"]))
    if steps.keys() & {"securing", "capturing"}:
        raise PaymentUnderWay
    if payment["status"] not in UNPAID:
        raise MoneyTaken(payment_id=str(payment["payment_id"]))


async def tell_override(
    conn: Connection, case: Case, payment: Row, status: str, *, actor_id: UUID, reason_code: str
) -> None:
    """Publish that an administrator set a payment's status by hand."""
    await tell(
        conn, case, PaymentOverridden, payment, payment_status=status, method=payment["method"], actor_role="admin",
        actor_id=actor_id, reason_code=reason_code,
    )  # fmt: skip
