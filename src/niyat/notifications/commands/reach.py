"""Whom to reach, where, with what: asked right before a message leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from niyat.notifications.categories import AUDIENCE, Audience
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.domain import (
    ON_EVERY_CHANNEL,
    SUPERSEDED_BY,
    NotificationChannel,
    NotificationType,
    no_longer_so,
)
from niyat.notifications.errors import AccountNotFound, AppointmentNotFound
from niyat.notifications.facts import visit_facts
from niyat.notifications.invitations import invitation_for
from niyat.notifications.parts import Parts
from niyat.notifications.ports import Account, AppointmentView, Invitation
from niyat.notifications.sealing import SealedElsewhere

# Held against what is planned, not withdrawn by the newer one: so it also reaches what is being sent, waits to be
# sent again, or failed and is replayed by staff.
SUPERSEDED = """
SELECT EXISTS (
    SELECT FROM scheduled_notifications
    WHERE appointment_id = $1 AND type = ANY ($2) AND ($3::text IS NULL OR payload ->> 'refund_id' = $3))
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where one message goes, in which language it is wanted, and what it may speak of in the one there is."""

    channel: NotificationChannel
    address: str
    language: str | None
    facts: Callable[[str], Mapping[str, object]]
    invitation: Callable[[str], Invitation | None] = lambda _language: None


class NoLongerSo(Exception):
    """It is no longer so."""

    def __init__(self, because: str) -> None:
        self.because = because


class CannotBeSent(Exception):
    """It cannot be sent; trying again would not help."""

    def __init__(self, error_code: str) -> None:
        self.error_code = error_code


async def reach(parts: Parts, claimed: Claimed) -> Reached:
    """Whom to reach with what, if it is still so. Raises NoLongerSo, CannotBeSent, ServiceUnavailable."""
    if claimed.sealed is not None:
        try:
            code = parts.seal.open(claimed.sealed)
        except SealedElsewhere as wrong:
            raise CannotBeSent(wrong.code) from None
        known = {"code": code.code, "clinic": parts.clinic, "site_url": parts.site_url}
        return Reached(
            claimed.channel, code.address, claimed.language, lambda language: known | {"language": language}
        )
    if claimed.account_id is None or claimed.appointment_id is None:
        raise CannotBeSent("nothing-to-say")
    try:
        account = await parts.accounts.find(claimed.account_id)
        # Asked last: the less time between the answer and the sending, the better.
        appointment = await parts.appointments.find(claimed.appointment_id)
    except (AccountNotFound, AppointmentNotFound) as unknown:
        raise CannotBeSent(unknown.code) from None
    _still_so(claimed, claimed.account_id, appointment)
    await _not_superseded(parts, claimed)
    channel, address = _address(claimed.type, claimed.channel, account, sms=parts.sms is not None)
    about = partial(
        visit_facts,
        account=account,
        appointment=appointment,
        payload=claimed.payload,
        site_url=parts.site_url,
    )
    invited = partial(
        invitation_for,
        claimed.type,
        account=account,
        appointment=appointment,
        was_confirmed=bool(claimed.payload.get("was_confirmed")),
        sender=parts.sender,
        site_url=parts.site_url,
    )
    return Reached(
        channel,
        address,
        account.language,
        lambda language: about(language=language),
        lambda language: invited(language=language),
    )


def _still_so(claimed: Claimed, account_id: UUID, appointment: AppointmentView) -> None:
    for_doctor = AUDIENCE[claimed.type] is Audience.DOCTOR
    because = no_longer_so(
        claimed.type,
        account_id,
        claimed.revision,
        whose=appointment.doctor_account_id if for_doctor else appointment.patient_id,
        status=appointment.status,
        current=appointment.revision,
    )
    if because is not None:
        raise NoLongerSo(because)


async def _not_superseded(parts: Parts, claimed: Claimed) -> None:
    newer = SUPERSEDED_BY.get(claimed.type)
    if newer and await parts.db.fetchval(
        SUPERSEDED, claimed.appointment_id, list(newer), claimed.payload.get("refund_id")
    ):
        raise NoLongerSo("superseded")


def _address(
    kind: NotificationType, wanted: NotificationChannel, account: Account, *, sms: bool
) -> tuple[NotificationChannel, str]:
    """The wanted channel, or the other one when the account has no address there. Raises CannotBeSent, NoLongerSo."""
    known = {
        NotificationChannel.EMAIL: account.email,
        NotificationChannel.SMS: account.phone if sms else None,
    }
    if kind in ON_EVERY_CHANNEL and not known.get(wanted):
        raise NoLongerSo("told-elsewhere")
    for channel in (wanted, NotificationChannel.EMAIL, NotificationChannel.SMS):
        if address := known.get(channel):
            return channel, address
    raise CannotBeSent("no-address")
