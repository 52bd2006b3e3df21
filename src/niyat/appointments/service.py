"""Makes the appointments service."""

from __future__ import annotations

from dataclasses import replace

from niyat.appointments import http
from niyat.appointments.adapters.video import video_rooms
from niyat.appointments.consumers import consumers
from niyat.appointments.jobs import jobs
from niyat.appointments.parts import Parts
from niyat.appointments.settings import AppointmentsSettings
from niyat.service import Context, Service


async def create(context: Context, settings: AppointmentsSettings) -> Service:
    """The service over `context`."""
    video = video_rooms(settings)
    parts = Parts(db=context.db, settings=settings, site_url=context.settings.public_url, video=video)
    service = wire(context, parts)
    return service if video is None else replace(service, close=video.close)


def wire(context: Context, parts: Parts) -> Service:
    """The service that works with `parts`."""
    return Service(
        name="appointments",
        app=http.create(parts, context.verifier),
        db=parts.db,
        consumers=consumers(parts),
        jobs=jobs(parts),
    )
