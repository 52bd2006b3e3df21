"""What appointments does on its own."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.appointments.commands.close_waits import close_waits
from niyat.appointments.commands.expire import expire_lapsed
from niyat.appointments.commands.fill_holidays import fill_all_holidays
from niyat.appointments.commands.generate import generate
from niyat.appointments.commands.replan_clinic import replan_waiting
from niyat.appointments.parts import Parts
from niyat.kernel.jobs import Job
from niyat.kernel.log import get_logger

log = get_logger(__name__)

MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0
REPLAN_SECONDS = 2.0


def jobs(parts: Parts) -> Sequence[Job]:
    """Expiry every second: a lapsed hold keeps its slot until then. Generation every hour: it is always some
    doctor's midnight, and where nothing is new it costs nothing.
    """

    async def expire() -> None:
        await expire_lapsed(parts.db)

    async def plan() -> None:
        slots = await generate(
            parts.db,
            days_ahead=parts.settings.days_ahead,
            doctors_per_batch=parts.settings.doctors_per_batch,
            report=lambda done: log.info("slots made", doctors=done.doctors, of=done.of, slots=done.slots),
        )
        log.debug("slots are made for the days ahead", slots=slots)

    async def fill() -> None:
        days = await fill_all_holidays(parts.db)
        log.debug("holidays are filled in for the coming year", days=days)

    async def replan() -> None:
        await replan_waiting(
            parts.db,
            days_ahead=parts.settings.days_ahead,
            doctors_per_batch=parts.settings.doctors_per_batch,
        )

    async def close() -> None:
        await parts.db.run(close_waits)

    return (
        Job("appointments: expire lapsed holds", 1.0, expire),
        Job("appointments: close waits whose days are over", MINUTE_SECONDS, close),
        Job("appointments: make the slots of the days ahead", HOUR_SECONDS, plan),
        Job("appointments: fill in the coming year's holidays", HOUR_SECONDS, fill),
        Job("appointments: plan doctors anew after a holiday changed", REPLAN_SECONDS, replan),
    )
