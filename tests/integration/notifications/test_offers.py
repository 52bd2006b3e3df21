"""Somebody in line is told of their offer at once and everywhere, and never once it no longer stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from niyat.events.catalogue import WaitlistOffered, WaitlistOfferLapsed
from niyat.kernel.local_time import local_time
from tests.support.notifications import World
from tests.support.notifications_visits import Visit


async def offered(world: World, *, stands: timedelta = timedelta(minutes=30), **account: Any) -> Visit:
    """A time on offer to a new patient, and told to notifications."""
    visit = await world.visit(**account)
    now = await world.now()
    world.appointments.change(visit.appointment_id, status="reserved", hold_expires_at=now + stands)
    event = WaitlistOffered(
        occurred_at=now,
        waitlist_entry_id=uuid4(),
        appointment_id=visit.appointment_id,
        doctor_id=visit.doctor_id,
        patient_id=visit.patient_id,
        starts_at=visit.starts_at,
        ends_at=visit.starts_at + timedelta(minutes=30),
        time_zone="Asia/Kolkata",
        consultation_type="VIDEO",
        hold_expires_at=now + stands,
        amount=50_000,
        currency="INR",
    )
    await world.events(event)
    return visit


async def test_an_offer_is_told_by_mail_and_text_message_with_its_deadline_in_the_readers_zone(
    world: World,
) -> None:
    visit = await offered(world, time_zone="America/New_York")
    await world.deliver()
    ends = world.appointments.known[visit.appointment_id].hold_expires_at
    assert ends
    mail = await world.only_mail(visit)
    (text,) = await world.sandbox.texts(visit.phone)
    assert "₹500" in mail["text"]
    assert "Rs 500" in text["body"]  # one sign would more than halve what fits
    for words in (mail["text"], text["body"]):
        assert local_time(ends, "America/New_York") in words
        assert local_time(visit.starts_at, "America/New_York") in words
        assert f"https://clinic.example/my/appointments/{visit.appointment_id}" in words


async def test_an_offer_is_told_once_to_whoever_has_one_address(world: World) -> None:
    by_mail, by_phone = await offered(world, phone=None), await offered(world, email=None)
    await world.deliver()
    assert (await world.only_mail(by_mail))["subject"].startswith("A time is free for you")
    assert len(await world.sandbox.texts(by_phone.phone)) == 1
    assert sorted((await world.states(by_phone))["WAITLIST_OFFERED"]) == ["sent", "suppressed"]


@pytest.mark.parametrize("status", ["expired", "cancelled", "pending-payment", "confirmed"])
async def test_an_offer_that_no_longer_stands_is_not_told(world: World, status: str) -> None:
    visit = await offered(world)
    world.appointments.change(visit.appointment_id, status=status)
    await world.deliver()
    assert (await world.states(visit))["WAITLIST_OFFERED"] == ["suppressed", "suppressed"]
    assert await world.sandbox.mails(visit.email) == []


async def test_an_offer_about_to_end_is_told_no_more(world: World) -> None:
    visit = await offered(world)
    await world.move(timedelta(minutes=29, seconds=1))
    await world.deliver()
    assert (await world.states(visit))["WAITLIST_OFFERED"] == ["missed", "missed"]


@pytest.mark.parametrize(
    ("still_waiting", "language", "words"),
    [(True, "en", "still in line"), (False, "en", "no longer in line"), (True, "hi", "अब उसके अंत में")],
)
async def test_whoever_let_an_offer_lapse_is_told_whether_they_still_wait(
    world: World, still_waiting: bool, language: str, words: str
) -> None:
    visit = await world.visit(language=language)
    world.appointments.change(visit.appointment_id, status="expired")
    lapsed = WaitlistOfferLapsed(
        occurred_at=await world.now(),
        waitlist_entry_id=uuid4(),
        appointment_id=visit.appointment_id,
        doctor_id=visit.doctor_id,
        patient_id=visit.patient_id,
        still_waiting=still_waiting,
    )
    await world.events(lapsed, lapsed)
    await world.deliver()
    assert words in (await world.only_mail(visit))["text"]
