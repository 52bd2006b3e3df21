"""What notifications works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from niyat.kernel.db import Database
from niyat.kernel.jobs import Bell
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.errors import ChannelDisabled
from niyat.notifications.ports import Accounts, Appointments, EmailProvider, SmsProvider
from niyat.notifications.sealing import Seal
from niyat.notifications.unsubscribing import UnsubscribeLinks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`sms` is None where text messages are switched off; `sender` is who mails and invitations are from.

    `bell` rings the delivery job.
    """

    db: Database
    appointments: Appointments
    accounts: Accounts
    email: EmailProvider
    sms: SmsProvider | None
    seal: Seal
    unsubscribe_links: UnsubscribeLinks
    mail_domain: str
    sender: str
    site_url: str
    clinic: str = "Niyat"
    bell: Bell = field(default_factory=Bell)

    def require_enabled(self, channel: NotificationChannel) -> None:
        """Raises ChannelDisabled."""
        if channel is NotificationChannel.PUSH or (channel is NotificationChannel.SMS and self.sms is None):
            raise ChannelDisabled
