"""What events make us tell doctors: their list of the day, and what others changed in it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from niyat.events.catalogue import AppointmentCancelled, AppointmentConfirmed, AppointmentRescheduled
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan import plan
from niyat.notifications.domain import Intent, NotificationType

LIST_AT = time(7, 0)
"""When a doctor gets the list of the day, on the doctor's clocks. It holds the visits of the 24 hours from then."""

LIST_WAITS = timedelta(hours=3)
"""Later nobody is sent the list of a day that has begun; a visit booked within that time is still on it."""


def list_of(starts_at: datetime, time_zone: str) -> tuple[date, datetime, datetime]:
    """The day on whose list a visit is, and from when until when that list goes."""
    zone = ZoneInfo(time_zone)
    local = starts_at.astimezone(zone)
    day = local.date() if local.time() >= LIST_AT else local.date() - timedelta(days=1)
    following = day + timedelta(days=1)
    return day, datetime.combine(day, LIST_AT, zone), datetime.combine(following, LIST_AT, zone)


async def plan_daily_list(conn: Connection, event: AppointmentConfirmed | AppointmentRescheduled) -> None:
    """The list that this visit is on, once per doctor and day. What is on it is asked when it leaves."""
    if event.doctor_account_id is None:
        return
    day, starts_at, ends_at = list_of(event.starts_at, event.time_zone)
    if starts_at + LIST_WAITS <= await conn.fetchval("SELECT niyat_now()"):
        return
    today = Intent(
        type=NotificationType.DOCTOR_DAILY_LIST,
        account_id=event.doctor_account_id,
        meaning=f"daily-list:{event.doctor_id}:{day}",
        payload={
            "doctor_id": str(event.doctor_id),
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
        },
        due_at=starts_at,
        too_late_at=starts_at + LIST_WAITS,
    )
    await plan(conn, [today])


async def tell_of_change(conn: Connection, event: AppointmentCancelled | AppointmentRescheduled) -> None:
    """Whoever changes their own list need not be told of it. `previous_starts_at`: of a move alone."""
    by, before = (
        (event.cancelled_by, None)
        if isinstance(event, AppointmentCancelled)
        else (event.rescheduled_by, event.previous_starts_at.isoformat())
    )
    if event.doctor_account_id is None or by == "doctor":
        return
    changed = Intent(
        type=NotificationType.SCHEDULE_CHANGED,
        account_id=event.doctor_account_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        meaning=f"schedule-changed:{event.appointment_id}:{event.revision}:{event.status}",
        payload={"previous_starts_at": before},
        too_late_at=event.ends_at,
    )
    await plan(conn, [changed])
