"""What the appointments service works with."""

from __future__ import annotations

from dataclasses import dataclass

from niyat.appointments.settings import AppointmentsSettings
from niyat.kernel.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Its database and its settings: it calls nobody."""

    db: Database
    settings: AppointmentsSettings
