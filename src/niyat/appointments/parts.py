"""What the appointments service works with."""

from __future__ import annotations

from dataclasses import dataclass

from niyat.appointments.settings import AppointmentsSettings
from niyat.kernel.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Its database, its settings, and where people reach our pages (`https://clinic.example`)."""

    db: Database
    settings: AppointmentsSettings
    site_url: str
