"""Give one message to the provider of its channel."""

from __future__ import annotations

from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.reach import Reached
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.errors import DeliveryRefused
from niyat.notifications.parts import Parts
from niyat.notifications.ports import Mail, Receipt, Text
from niyat.notifications.rendering import Words


async def hand_over(parts: Parts, claimed: Claimed, reached: Reached, words: Words, language: str) -> Receipt:
    """`language` is the one of the words. Raises DeliveryRefused, DeliveryPostponed, DeliveryUnknown."""
    if claimed.channel is NotificationChannel.EMAIL:
        mail = Mail(
            to=reached.address,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=claimed.message_id,
            date=claimed.claimed_at,
            invitation=reached.invitation(language),
        )
        return await parts.email.send(mail)
    if claimed.channel is NotificationChannel.SMS and parts.sms is not None:
        text = Text(
            to=reached.address,
            text=words.text.strip(),
            maybe_sent_since=claimed.unknown_since,
            template=f"{claimed.type}.{language}",
        )
        return await parts.sms.send(text)
    raise DeliveryRefused("channel-disabled")
