"""What appointments does on its own."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.appointments.commands.expire import expire_lapsed
from niyat.appointments.commands.generate import generate
from niyat.appointments.settings import AppointmentsSettings
from niyat.kernel.db import Database
from niyat.kernel.jobs import Job
from niyat.kernel.log import get_logger

log = get_logger(__name__)

HOUR_SECONDS = 3600.0


def jobs(db: Database, settings: AppointmentsSettings) -> Sequence[Job]:
    """Expiry every second: a lapsed hold keeps its slot until then. Generation every hour: it is always some
    doctor's midnight, and where nothing is new it costs nothing.
    """

    async def expire() -> None:
        await expire_lapsed(db)

    async def plan() -> None:
        slots = await generate(
            db,
            days_ahead=settings.days_ahead,
            doctors_per_batch=settings.doctors_per_batch,
            report=lambda doctors, made: log.info("slots made", doctors=doctors, slots=made),
        )
        log.debug("slots are made for the days ahead", slots=slots)

    return (
        Job("appointments: expire", 1.0, expire),
        Job("appointments: generate", HOUR_SECONDS, plan),
    )
