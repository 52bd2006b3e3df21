"""Makes the appointments service."""

from __future__ import annotations

from niyat.appointments import http
from niyat.appointments.consumers import consumers
from niyat.appointments.jobs import jobs
from niyat.appointments.parts import Parts
from niyat.appointments.settings import AppointmentsSettings
from niyat.service import Context, Service


async def create(context: Context, settings: AppointmentsSettings) -> Service:
    """The service over `context`."""
    return wire(context, Parts(db=context.db, settings=settings, site_url=context.settings.public_url))


def wire(context: Context, parts: Parts) -> Service:
    """The service that works with `parts`."""
    return Service(
        name="appointments",
        app=http.create(parts, context.verifier),
        db=parts.db,
        consumers=consumers(parts),
        jobs=jobs(parts),
    )
