"""What a command needs that spans transactions: the database, the gateway, appointments, the settings."""

from __future__ import annotations

from dataclasses import dataclass

from niyat.kernel.db import Database
from niyat.payments.ports import Appointments, PaymentGateway
from niyat.payments.settings import PaymentsSettings


@dataclass(frozen=True, kw_only=True)
class Till:
    """The service's own parts, given once by service.py."""

    db: Database
    gateway: PaymentGateway
    appointments: Appointments
    settings: PaymentsSettings
