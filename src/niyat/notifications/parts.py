"""What notifications works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from niyat.kernel.db import Database
from niyat.kernel.jobs import Bell
from niyat.notifications.addresses import AddressKey
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.errors import ChannelDisabled
from niyat.notifications.ports import (
    Accounts,
    Appointments,
    Callbacks,
    EmailProvider,
    PushProvider,
    SmsProvider,
)
from niyat.notifications.sealing import Seal
from niyat.notifications.turns import Turns
from niyat.notifications.unsubscribing import UnsubscribeLinks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`sms` and `push` are None where they are switched off; `sender` is who mails and invitations are from.

    `per_second`: the most that a channel's provider is given; no entry, no limit. `bells` ring the delivery of codes
    by each channel, `reports` the job that acts on what providers said. `callbacks` and `bounce_secret` are None where
    nobody may say anything.
    """

    db: Database
    appointments: Appointments
    accounts: Accounts
    email: EmailProvider
    sms: SmsProvider | None
    push: PushProvider | None = None
    addresses: AddressKey
    seal: Seal
    unsubscribe_links: UnsubscribeLinks
    mail_domain: str
    sender: str
    site_url: str
    clinic: str = "Niyat"
    callbacks: Callbacks | None = None
    bounce_secret: SecretStr | None = None
    per_second: Mapping[NotificationChannel, float] = field(default_factory=dict)
    turns: Turns = field(default_factory=Turns)
    bells: Mapping[NotificationChannel, Bell] = field(
        default_factory=lambda: {channel: Bell() for channel in NotificationChannel}
    )
    reports: Bell = field(default_factory=Bell)

    def require_enabled(self, channel: NotificationChannel) -> None:
        """Raises ChannelDisabled."""
        if channel not in self.channels:
            raise ChannelDisabled

    @property
    def channels(self) -> frozenset[NotificationChannel]:
        """Those that are switched on."""
        on = {
            NotificationChannel.EMAIL: True,
            NotificationChannel.SMS: self.sms is not None,
            NotificationChannel.PUSH: self.push is not None,
        }
        return frozenset(channel for channel, is_on in on.items() if is_on)
