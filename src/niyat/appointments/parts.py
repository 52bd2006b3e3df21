"""What the appointments service works with."""

from __future__ import annotations

from dataclasses import dataclass

from niyat.appointments.ports import VideoRooms
from niyat.appointments.settings import AppointmentsSettings
from niyat.kernel.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Its database and settings, where people reach our pages, and who provides video rooms, if anybody does."""

    db: Database
    settings: AppointmentsSettings
    site_url: str
    video: VideoRooms | None
