"""What payments remembers of the appointment, from its events. Nothing here decides about time."""

from __future__ import annotations

from niyat.events.catalogue import (
    AppointmentCompleted,
    AppointmentConfirmed,
    AppointmentExpired,
    AppointmentRescheduled,
)
from niyat.kernel.db import Connection
from niyat.payments import postings
from niyat.payments.commands.case import lock_case
from niyat.payments.commands.post import deposit_of, post

CONFIRM = """
UPDATE payment_cases SET confirmed_payment_id = $2, confirmed_at = coalesce(confirmed_at, niyat_now()),
    updated_at = niyat_now() WHERE appointment_id = $1
"""
EXPIRE = (
    "UPDATE payment_cases SET expired_at = niyat_now(), updated_at = niyat_now() WHERE appointment_id = $1"
)
# The hold is over: ask the gateway soon whether money is on its way after all.
POLL_SOON = """
UPDATE payment_transactions SET poll_at = least(poll_at, niyat_now() + interval '15 seconds')
WHERE appointment_id = $1 AND poll_at IS NOT NULL
"""
MOVE = "UPDATE payment_cases SET starts_at = $2, updated_at = niyat_now() WHERE appointment_id = $1"
COMPLETE = """
UPDATE payment_cases SET completed_at = niyat_now(), updated_at = niyat_now()
WHERE appointment_id = $1 AND completed_at IS NULL
"""
KEPT = """
SELECT coalesce(sum(a.captured_amount - (SELECT coalesce(sum(r.amount), 0) FROM refunds r
    WHERE r.gateway_payment_id = a.gateway_payment_id AND r.status <> 'superseded')), 0)::bigint
FROM payment_attempts a WHERE a.appointment_id = $1 AND a.step = 'kept'
"""


async def see_confirmed(conn: Connection, event: AppointmentConfirmed) -> None:
    """The visit stands; the sweep need not ask."""
    await lock_case(conn, event.appointment_id)
    await conn.execute(CONFIRM, event.appointment_id, event.payment_id)


async def see_expired(conn: Connection, event: AppointmentExpired) -> None:
    """The hold lapsed. The case stays open: late money may still find the slot free."""
    await lock_case(conn, event.appointment_id)
    await conn.execute(EXPIRE, event.appointment_id)
    await conn.execute(POLL_SOON, event.appointment_id)


async def see_rescheduled(conn: Connection, event: AppointmentRescheduled) -> None:
    """The visit moved; its money stays with it."""
    await lock_case(conn, event.appointment_id)
    await conn.execute(MOVE, event.appointment_id, event.starts_at)


async def see_completed(conn: Connection, event: AppointmentCompleted, *, commission_percent: int) -> None:
    """The visit took place: its money, less refunds, is earned; the commission by us, the rest by the doctor.

    Any other money of the appointment is on its way back, or owed, and earned by nobody.
    """
    case = await lock_case(conn, event.appointment_id)
    if case is None or await conn.execute(COMPLETE, event.appointment_id) != "UPDATE 1":
        return
    kept = await conn.fetchval(KEPT, event.appointment_id)
    deposit = min(kept, max(0, await deposit_of(conn, event.appointment_id)))
    commission = (deposit * commission_percent + 50) // 100
    await post(
        conn, postings.earned(event.appointment_id, deposit, commission), currency=case.row["currency"],
        appointment_id=event.appointment_id, payment_id=case.row["confirmed_payment_id"], at=event.occurred_at,
    )  # fmt: skip
