"""What the delivery job works with."""

from __future__ import annotations

from dataclasses import dataclass

from niyat.kernel.db import Database
from niyat.notifications.ports import Accounts, Appointments, EmailProvider, SmsProvider
from niyat.notifications.sealing import Seal


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`sms` is None where text messages are switched off."""

    db: Database
    appointments: Appointments
    accounts: Accounts
    email: EmailProvider
    sms: SmsProvider | None
    seal: Seal
    mail_domain: str
    site_url: str
    clinic: str = "Niyat"
