"""What appointments tells us. Effects are rows only: a refund that is owed becomes an intent that a job carries out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from niyat.events.catalogue import (
    APPOINTMENTS,
    AppointmentCancelled,
    AppointmentCompleted,
    AppointmentConfirmed,
    AppointmentExpired,
    AppointmentNoShow,
    AppointmentRescheduled,
)
from niyat.events.inbox import Consumer
from niyat.kernel.db import Connection
from niyat.payments.commands.close_case import close_case
from niyat.payments.commands.see_appointment import see_confirmed, see_expired, see_held
from niyat.payments.commands.see_rescheduled import see_rescheduled
from niyat.payments.commission import Terms
from niyat.payments.parts import Parts


async def on_no_show(conn: Connection, event: AppointmentNoShow, *, terms: Terms) -> None:
    """The patient's no-show is paid for like a visit; the doctor's gives the money back like a cancellation."""
    ended = see_held if event.party == "patient" else close_case
    await ended(conn, event, terms=terms)


def consumers(parts: Parts) -> Sequence[Consumer]:
    """All it listens to: the appointments."""
    terms = parts.settings.terms
    return (
        Consumer(
            name="payments",
            topics=(APPOINTMENTS,),
            handlers={
                AppointmentConfirmed: see_confirmed,
                AppointmentCancelled: partial(close_case, terms=terms),
                AppointmentExpired: see_expired,
                AppointmentRescheduled: see_rescheduled,
                AppointmentCompleted: partial(see_held, terms=terms),
                AppointmentNoShow: partial(on_no_show, terms=terms),
            },
        ),
    )
