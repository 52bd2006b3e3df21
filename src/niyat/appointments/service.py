"""Makes the appointments service."""

from __future__ import annotations

from niyat.appointments import http
from niyat.appointments.consumers import CONSUMER
from niyat.appointments.jobs import jobs
from niyat.appointments.settings import AppointmentsSettings
from niyat.service import Context, Service


async def create(context: Context, settings: AppointmentsSettings) -> Service:
    """The service over `context`."""
    return Service(
        name="appointments",
        app=http.create(context.db, context.verifier, settings),
        db=context.db,
        consumers=(CONSUMER,),
        jobs=jobs(context.db, settings),
    )
