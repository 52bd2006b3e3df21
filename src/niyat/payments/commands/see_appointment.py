"""What payments remembers of the appointment, from its events. Nothing here decides about time."""

from __future__ import annotations

from niyat.events.catalogue import (
    AppointmentCompleted,
    AppointmentConfirmed,
    AppointmentExpired,
    AppointmentNoShow,
)
from niyat.kernel.db import Connection
from niyat.payments.commands.case import lock_case
from niyat.payments.commands.earn import earn
from niyat.payments.commands.see_rescheduled import give_back_moves
from niyat.payments.commission import Terms

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


async def see_confirmed(conn: Connection, event: AppointmentConfirmed) -> None:
    """The visit stands; the sweep need not ask."""
    await lock_case(conn, event.appointment_id)
    await conn.execute(CONFIRM, event.appointment_id, event.payment_id)


async def see_expired(conn: Connection, event: AppointmentExpired) -> None:
    """The hold lapsed. The case stays open: late money may still find the slot free."""
    await lock_case(conn, event.appointment_id)
    await conn.execute(EXPIRE, event.appointment_id)
    await conn.execute(POLL_SOON, event.appointment_id)


async def see_held(
    conn: Connection, event: AppointmentCompleted | AppointmentNoShow, *, terms: Terms
) -> None:
    """The visit took place, or its patient did not come: its money is earned, as far as it cost that much."""
    case = await lock_case(conn, event.appointment_id)
    if case is not None:
        await give_back_moves(conn, case, event)
        await earn(conn, case, terms=terms, at=event.occurred_at)
