"""A visit is at one moment: text, HTML, invitation, SMS, push message and receipt all say it, and name the zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import uuid4

import pytest
from icalendar import Calendar

from niyat.kernel.local_time import local_time
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.facts import visit_facts
from niyat.notifications.invitations import invitation_for
from niyat.notifications.ports import Account, AppointmentView
from niyat.notifications.rendering import Template, render
from niyat.notifications.wording import shipped
from niyat.payments.receipt_words import Language
from tests.support.moments import changes_of, moments_of, visible
from tests.support.receipts import on_paper, receipt

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",  # half an hour off
    "America/Santiago",  # changes at midnight
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",  # changes at midnight
    "Asia/Beirut",  # changes at midnight
    "Australia/Sydney",
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Auckland",
    "Pacific/Chatham",  # three quarters of an hour off
)
TOLD = (
    NotificationType.APPOINTMENT_CONFIRMED,
    NotificationType.APPOINTMENT_RESCHEDULED,
    NotificationType.APPOINTMENT_CANCELLED,
)
AROUND = (-90, -31, -30, -1, 0, 1, 29, 30, 59, 90)  # minutes
PRINTED = (-30, -1, 0, 30)  # of these, on paper, which takes its time


@lru_cache
def wording(kind: NotificationType, language: str) -> tuple[Template, ...]:
    return tuple(
        Template(1, each.subject, each.text, each.html, each.language, each.channel)
        for each in shipped()
        if (each.type, each.language) == (kind, language)
    )


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe"])
def test_a_message_says_the_same_moment_everywhere_around_a_change_of_the_clocks(zone: str) -> None:
    say_the_same(zone, "en", (-1, 0))


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("language", ["en", "hi"])
def test_every_message_says_the_same_moment_on_the_readers_clocks(zone: str, language: Language) -> None:
    say_the_same(zone, language, AROUND)


def say_the_same(zone: str, language: Language, around: tuple[int, ...]) -> None:
    changes = changes_of(zone, datetime(2027, 1, 1, tzinfo=UTC))
    assert len(changes) == 2
    for change, minutes in ((change, minutes) for change in changes for minutes in around):
        starts_at = change + timedelta(minutes=minutes)
        if minutes in PRINTED:
            printed(starts_at, zone, language)
        account = Account(
            account_id=uuid4(), name="Asha", email="asha@example.com", time_zone=zone, language=language
        )
        for kind in TOLD:
            status = "cancelled" if kind is NotificationType.APPOINTMENT_CANCELLED else "confirmed"
            appointment = AppointmentView(
                appointment_id=uuid4(),
                patient_id=account.account_id,
                status=status,
                revision=1,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=30),
                time_zone="Asia/Kolkata",
                consultation_type="VIDEO",
                doctor_name="Dr Meera Rao",
                clinic_name="Sunrise Clinic",
                updated_at=change - timedelta(days=9),
            )
            facts = visit_facts(
                account=account,
                appointment=appointment,
                payload={"amount": 50_000, "currency": "INR", "was_confirmed": True},
                site_url="https://clinic.example",
                language=language,
            )
            shown = local_time(starts_at, zone, language)
            templates = wording(kind, language)
            assert {template.channel for template in templates} == set(NotificationChannel)
            for template in templates:
                words = render(template, facts)
                parts = {"text": words.text, "subject": words.subject, "html": visible(words.html)}
                told = [name for name, said in parts.items() if shown in said]
                assert "text" in told
                assert "html" in told or template.channel is not NotificationChannel.EMAIL
                for said in parts.values():
                    assert set(moments_of(said)) <= {starts_at}
            if language == "en":
                assert list(moments_of(shown)) == [starts_at]
            invited = invitation_for(
                kind,
                account=account,
                appointment=appointment,
                was_confirmed=True,
                sender="Clinic <no-reply@clinic.example>",
                site_url="https://clinic.example",
                language=language,
            )
            assert invited
            [entry] = Calendar.from_ical(invited.content.decode()).events
            assert starts_at == entry.DTSTART
            assert starts_at + timedelta(minutes=30) == entry.DTEND


def printed(starts_at: datetime, zone: str, language: Language) -> None:
    """The receipt says when the visit is by the reader's clocks, and when it was paid by the clinic's."""
    paid_at = starts_at - timedelta(days=9)
    paper = on_paper(receipt(starts_at, happened_at=paid_at), language, zone)
    if language == "en":
        assert set(moments_of(paper)) == {starts_at, paid_at}
    # The letters of Hindi are not read back from a file one by one; the clock and its zone are.
    assert local_time(starts_at, zone, language).rpartition(", ")[2] in paper
