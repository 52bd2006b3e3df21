"""Whom to reach, where, with what, by what was just said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from niyat.notifications.categories import AUDIENCE, Audience
from niyat.notifications.commands.ask import Asked
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.not_sent import AtNight, CannotBeSent, NoAddress, NoLongerSo, NotYet
from niyat.notifications.commands.unheard import tells_of_move
from niyat.notifications.domain import NotificationChannel, NotificationType, no_longer_so
from niyat.notifications.facts import daily_list_facts, staff_facts, visit_facts
from niyat.notifications.invitations import invitation_for
from niyat.notifications.parts import Parts
from niyat.notifications.ports import Account, AppointmentView, Invitation
from niyat.notifications.preferences import Preferences, cannot_be_missed, quiet_until, refused
from niyat.notifications.sealing import SealedElsewhere


@dataclass(frozen=True, slots=True)
class Reached:
    """Where one message goes, in which language it is wanted, and what it may speak of in the one there is."""

    address: str
    language: str | None
    facts: Callable[[str], Mapping[str, object]]
    invitation: Callable[[str], Invitation | None] = lambda _language: None
    devices: Sequence[str] = ()


def reach(parts: Parts, claimed: Claimed, asked: Asked) -> Reached:
    """Whom to reach with what, if it is still so. Raises NoLongerSo, CannotBeSent, NoAddress, NotYet, AtNight."""
    if claimed.sealed is not None:
        try:
            code = parts.seal.open(claimed.sealed)
        except SealedElsewhere as wrong:
            raise CannotBeSent(wrong.code) from None
        known = {"code": code.code, "clinic": parts.clinic, "site_url": parts.site_url}
        return Reached(code.address, claimed.language, lambda language: known | {"language": language})
    account = account_of(claimed, asked)
    if claimed.appointment_id is None:
        return _reach_staff(parts, claimed, account, asked)
    appointment = _appointment_of(claimed.appointment_id, asked)
    _still_so(claimed, account.account_id, appointment, asked)
    wanted = asked.preferences[account.account_id]
    _still_wanted(claimed, wanted)
    address = _address(parts, claimed, account, asked)
    _not_at_night(claimed, wanted, account.time_zone or appointment.time_zone, asked, appointment.starts_at)
    account = account.model_copy(update={"time_zone": wanted.time_zone or account.time_zone})
    payload = asked.unheard.get(claimed.id, claimed.payload)
    said = partial(visit_facts, payload=payload, site_url=parts.site_url)
    about = partial(said, account=account, appointment=appointment)
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
        address,
        wanted.language or account.language,
        lambda language: about(language=language),
        lambda language: invited(language=language),
        asked.devices.get(account.account_id, ()),
    )


def _reach_staff(parts: Parts, claimed: Claimed, account: Account, asked: Asked) -> Reached:
    """Of what is about no single appointment: a doctor's list, a payout, something that staff must act on."""
    wanted = asked.preferences[account.account_id]
    _still_wanted(claimed, wanted)
    about: Callable[..., Mapping[str, object]]
    if claimed.type is NotificationType.DOCTOR_DAILY_LIST:
        if claimed.id in asked.days.unreadable:
            raise CannotBeSent("list-unreadable")
        day = asked.days.known.get(claimed.id)
        if day is None or day.doctor_account_id != account.account_id:
            raise NoLongerSo("not-theirs")
        if not day.visits:
            raise NoLongerSo("no-visits")
        about = partial(daily_list_facts, account=account, day=day, site_url=parts.site_url)
    else:
        said = partial(staff_facts, payload=claimed.payload, clinic=parts.clinic)
        about = partial(said, account=account, site_url=parts.site_url)
    address = _address(parts, claimed, account, asked)
    if zone := wanted.time_zone or account.time_zone:
        _not_at_night(claimed, wanted, zone, asked)
    language, devices = wanted.language or account.language, asked.devices.get(account.account_id, ())
    return Reached(address, language, lambda language: about(language=language), devices=devices)


def _address(parts: Parts, claimed: Claimed, account: Account, asked: Asked) -> str:
    address = addresses(parts, account, asked).get(claimed.channel)
    if address is None:
        suppressed = (account.account_id, claimed.channel) in asked.suppressed
        raise NoAddress("address-suppressed" if suppressed else "no-address")
    return address


def account_of(claimed: Claimed, asked: Asked) -> Account:
    """Raises CannotBeSent."""
    if claimed.account_id is None:
        raise CannotBeSent("nothing-to-say")
    account = asked.accounts.known.get(claimed.account_id)
    if account is None:
        unreadable = claimed.account_id in asked.accounts.unreadable
        raise CannotBeSent("account-unreadable" if unreadable else "account-not-found")
    return account


def addresses(parts: Parts, account: Account, asked: Asked) -> Mapping[NotificationChannel, str]:
    """Where this account can be reached, by the channels that are switched on; of push messages just `device`."""
    known = {
        NotificationChannel.EMAIL: account.email,
        NotificationChannel.SMS: account.phone if parts.sms is not None else None,
        NotificationChannel.PUSH: "device" if asked.devices.get(account.account_id) else None,
    }
    return {
        channel: address
        for channel, address in known.items()
        if address and (account.account_id, channel) not in asked.suppressed
    }


def _appointment_of(appointment_id: UUID, asked: Asked) -> AppointmentView:
    appointment = asked.appointments.known.get(appointment_id)
    if appointment is None:
        unreadable = appointment_id in asked.appointments.unreadable
        raise CannotBeSent("appointment-unreadable" if unreadable else "appointment-not-found")
    return appointment


def _still_so(claimed: Claimed, account_id: UUID, appointment: AppointmentView, asked: Asked) -> None:
    for_doctor = AUDIENCE[claimed.type] is Audience.DOCTOR
    because = no_longer_so(
        claimed.type,
        account_id,
        claimed.revision,
        whose=appointment.doctor_account_id if for_doctor else appointment.patient_id,
        status=appointment.status,
        current=appointment.revision,
        secured=appointment.secured_by is not None,
        tells_of_move=tells_of_move(claimed.payload),
    )
    if because is not None:
        raise NoLongerSo(because)
    if claimed.id in asked.superseded:
        raise NoLongerSo("superseded")
    if claimed.id in asked.behind:
        raise NotYet


def _still_wanted(claimed: Claimed, wanted: Preferences) -> None:
    offset = None if claimed.offset_minutes is None else timedelta(minutes=claimed.offset_minutes)
    if refused(wanted, claimed.type, claimed.channel, offset, stands_in=bool(claimed.tried_channels)):
        raise NoLongerSo("opted-out")


def _not_at_night(
    claimed: Claimed, wanted: Preferences, zone: str, asked: Asked, begins_at: datetime | None = None
) -> None:
    """Raises AtNight, unless by the morning it would be too late for what cannot wait."""
    until = quiet_until(wanted, claimed.type, asked.now, zone)
    in_vain = until and any(last and last <= until for last in (claimed.too_late_at, begins_at))
    if until is not None and not (in_vain and cannot_be_missed(claimed.type)):
        raise AtNight(until)
