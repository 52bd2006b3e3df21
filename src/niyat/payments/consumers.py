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
    AppointmentRescheduled,
)
from niyat.events.inbox import Consumer
from niyat.payments.commands.close_case import close_case
from niyat.payments.commands.see_appointment import see_completed, see_confirmed, see_expired, see_rescheduled
from niyat.payments.parts import Parts


def consumers(parts: Parts) -> Sequence[Consumer]:
    """All it listens to: the appointments."""
    completed = partial(see_completed, commission_percent=parts.settings.commission_percent)
    return (
        Consumer(
            name="payments",
            topics=(APPOINTMENTS,),
            handlers={
                AppointmentConfirmed: see_confirmed,
                AppointmentCancelled: close_case,
                AppointmentExpired: see_expired,
                AppointmentRescheduled: see_rescheduled,
                AppointmentCompleted: completed,
            },
        ),
    )
