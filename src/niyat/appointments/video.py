"""When a visit's room may be entered, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from niyat.appointments.domain import Appointment, AppointmentStatus, ConsultationType, Party, Person
from niyat.appointments.errors import (
    AppointmentCancelled,
    HoldLapsed,
    NotAVideoVisit,
    NotConfirmed,
    RoomClosed,
    TooEarly,
)
from niyat.kernel.errors import Forbidden

S = AppointmentStatus

NOT_OPEN = {
    S.RESERVED: NotConfirmed,
    S.PENDING_PAYMENT: NotConfirmed,
    S.CANCELLED: AppointmentCancelled,
    S.EXPIRED: HoldLapsed,
    S.COMPLETED: RoomClosed,
    S.NO_SHOW: RoomClosed,
}


@dataclass(frozen=True, slots=True)
class OpenTime:
    """From when until when a room may be entered."""

    opens_at: datetime
    closes_at: datetime


def participant(appointment: Appointment, who: Person) -> Party:
    """Which of the two `who` is. Raises AppointmentNotFound for a stranger, Forbidden for an admin."""
    role = appointment.actor(who).role
    if role not in ("patient", "doctor"):
        raise Forbidden("A visit's room is for its patient and its doctor alone.")
    return cast(Party, role)


def open_time(appointment: Appointment, *, before: timedelta, after: timedelta) -> OpenTime:
    """The room's time, if it is open now. `before` its start, `after` its end.

    Raises NotAVideoVisit, NotConfirmed, AppointmentCancelled, HoldLapsed, TooEarly (with `opens_at`), RoomClosed.
    """
    if appointment.consultation_type != ConsultationType.VIDEO:
        raise NotAVideoVisit
    if appointment.status in NOT_OPEN:
        raise NOT_OPEN[appointment.status]
    time = OpenTime(appointment.starts_at - before, appointment.ends_at + after)
    if appointment.now < time.opens_at:
        raise TooEarly(opens_at=time.opens_at)
    if appointment.now >= time.closes_at:
        raise RoomClosed
    return time
