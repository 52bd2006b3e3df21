"""Give one message to the provider of its channel."""

from __future__ import annotations

from collections.abc import Mapping

from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.push import push_to_all
from niyat.notifications.commands.reach import Reached
from niyat.notifications.commands.suppress import suppress
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.errors import AddressGone, DeliveryRefused
from niyat.notifications.parts import Parts
from niyat.notifications.ports import Mail, Push, Receipt, Text
from niyat.notifications.rendering import Words


async def hand_over(parts: Parts, claimed: Claimed, reached: Reached, words: Words, language: str) -> Receipt:
    """`language` is the one of the words. Raises DeliveryRefused, DeliveryPostponed, DeliveryUnknown.

    An address that is gone is remembered here, before the outcome is stored: were we killed in between, the next
    try would hear the same. Devices are forgotten one by one.
    """
    try:
        return await _give(parts, claimed, reached, words, language)
    except AddressGone as gone:
        if claimed.channel is not NotificationChannel.PUSH:
            await parts.db.run(
                suppress,
                parts.addresses.keep(claimed.channel, reached.address),
                cause=gone.cause,
                error_code=gone.error_code,
                notification_id=claimed.id,
            )
        raise


async def _give(parts: Parts, claimed: Claimed, reached: Reached, words: Words, language: str) -> Receipt:
    if claimed.channel is NotificationChannel.EMAIL:
        mail = Mail(
            to=reached.address,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=claimed.message_id,
            date=claimed.claimed_at,
            invitation=reached.invitation(language),
            headers=_headers(parts, claimed),
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
    if claimed.channel is NotificationChannel.PUSH and parts.push is not None:
        push = Push(
            token="",
            title=words.subject,
            body=words.text.strip(),
            message_id=str(claimed.id),
            data={"type": claimed.type, "appointment_id": str(claimed.appointment_id)},
        )
        return await push_to_all(parts.db, parts.push, reached.devices, push)
    raise DeliveryRefused("channel-disabled")


def _headers(parts: Parts, claimed: Claimed) -> Mapping[str, str]:
    if claimed.account_id is None:
        return {}
    return parts.unsubscribe_links.headers(claimed.account_id, claimed.type)
