"""What a person reads: the right instant on the right clocks, no hole, no markup of somebody else's."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.kernel.fields import IANA_ZONES
from niyat.kernel.local_time import local_time
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.drafts import previews, refuse_unless_sound
from niyat.notifications.errors import TemplateWrong
from niyat.notifications.facts import visit_facts
from niyat.notifications.ports import Account, AppointmentView
from niyat.notifications.rendering import Template, render
from niyat.notifications.samples import samples
from niyat.notifications.variables import DECLARED, MEANINGS
from niyat.notifications.wording import Shipped, shipped

ZONES = sorted(IANA_ZONES)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHOWN = re.compile(r"\w{3}, (\d+) (\w{3}) (\d{4}), (\d\d):(\d\d) (\S+) \((\S+)\)")


def visit(**different: object) -> AppointmentView:
    start = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    fields: dict[str, object] = {
        "appointment_id": uuid4(),
        "patient_id": uuid4(),
        "status": "confirmed",
        "revision": 0,
        "starts_at": start,
        "ends_at": start + timedelta(minutes=30),
        "time_zone": "Asia/Kolkata",
        "consultation_type": "IN_PERSON",
        "doctor_name": "Dr Meera Rao",
        "clinic_name": "Sunrise Clinic",
        "place": "12 Lake Road, Pune",
    }
    return AppointmentView.model_validate(fields | different)


def known(
    payload: dict[str, object] | None = None,
    *,
    name: str = "Asha",
    zone: str | None = None,
    language: str = "en",
    **different: object,
) -> dict[str, object]:
    account = Account(account_id=uuid4(), name=name, time_zone=zone)
    everything: dict[str, object] = {
        "amount": 11_800_050,
        "currency": "INR",
        "payment_id": str(uuid4()),
        "cancelled_by": "patient",
        "was_confirmed": True,
        "previous_starts_at": "2026-11-23T05:00:00+00:00",
    }
    return visit_facts(
        account=account,
        appointment=visit(**different),
        payload=everything if payload is None else payload,
        site_url="https://clinic.example",
        language=language,
    )


def shipped_template(
    kind: NotificationType,
    channel: NotificationChannel = NotificationChannel.EMAIL,
    language: str = "en",
) -> Template:
    wanted = (kind, channel, language)
    found = next(each for each in shipped() if (each.type, each.channel, each.language) == wanted)
    return template_of(found)


def template_of(each: Shipped) -> Template:
    return Template(1, each.subject, each.text, each.html, each.language, each.channel)


def test_a_time_is_shown_on_the_clocks_of_its_place_which_it_names() -> None:
    instant = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    assert local_time(instant, "Asia/Kolkata") == "Tue, 24 Nov 2026, 10:30 IST (Asia/Kolkata)"
    assert local_time(instant, "America/New_York") == "Tue, 24 Nov 2026, 00:00 EST (America/New_York)"


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_the_instant_shown_is_the_instant_given(instant: datetime, zone: str) -> None:
    instant = instant.replace(second=0, microsecond=0)
    match = SHOWN.fullmatch(local_time(instant, zone))
    assert match
    day, month, year, hour, minute, abbreviation, named = match.groups()
    candidates = [
        datetime(
            int(year),
            MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            tzinfo=ZoneInfo(named),
            fold=fold,
        )
        for fold in (0, 1)
    ]
    # In the hour that the clocks repeat, the abbreviation says which of the two is meant.
    assert instant in [c.astimezone(UTC) for c in candidates if c.tzname() == abbreviation]


EVERYTHING = list(shipped())


@pytest.mark.parametrize("each", EVERYTHING, ids=lambda each: f"{each.type}-{each.channel}-{each.language}")
def test_all_that_ships_would_be_let_in_as_a_draft(each: Shipped) -> None:
    refuse_unless_sound(each.type, template_of(each))
    shown = list(previews(each.type, template_of(each)))
    assert shown
    for preview in shown:
        assert "{{" not in preview.words.text + preview.words.html + preview.words.subject
        assert "None" not in preview.words.text + preview.words.html + preview.words.subject


@pytest.mark.parametrize("kind", sorted(DECLARED))
@pytest.mark.parametrize("language", ["en", "hi", "mr"])
def test_every_sample_has_what_its_type_declares(kind: NotificationType, language: str) -> None:
    assert set(DECLARED[kind]) <= set(MEANINGS)
    for sample in samples(kind, language):
        assert set(DECLARED[kind]) <= set(sample.facts)


def test_every_message_ships_in_both_languages_for_every_channel_and_a_code_is_never_pushed() -> None:
    there = {(each.type, each.channel, each.language) for each in EVERYTHING}
    pushed_code = (NotificationType.SIGN_IN_CODE, NotificationChannel.PUSH)
    assert there == {
        (kind, channel, language)
        for kind in NotificationType
        for channel in NotificationChannel
        for language in ("en", "hi")
        if (kind, channel) != pushed_code
    }


OF_THE_SAMPLES = {
    "IST",
    "Asia",
    "Kolkata",
    "https",
    "clinic",
    "example",
    "my",
    "appointments",
    "HDFC",
    "refund",
}
OF_THE_SAMPLES |= {"failed", "something", "else", "a", "b", "c", "d", "e", "R"}


@pytest.mark.parametrize("each", [each for each in EVERYTHING if each.language == "hi"], ids=lambda e: e.type)
def test_what_ships_in_hindi_is_in_hindi_throughout(each: Shipped) -> None:
    shown = list(previews(each.type, template_of(each)))
    assert shown
    for preview in shown:
        words = preview.words
        assert set(re.findall(r"[A-Za-z]+", words.subject + words.text)) <= OF_THE_SAMPLES
        if words.html:
            assert 'lang="hi"' in words.html
            assert "Sent by" not in words.html


@pytest.mark.parametrize("language", ["en", "hi"])
def test_a_move_says_the_old_and_the_new_time_on_the_readers_clocks(language: str) -> None:
    kind = NotificationType.APPOINTMENT_RESCHEDULED
    spoken = known(zone="America/New_York", language=language, consultation_type="VIDEO")
    words = render(shipped_template(kind, language=language), spoken)
    for part in (words.text, words.html):
        for day in (23, 24):
            assert local_time(datetime(2026, 11, day, 5, tzinfo=UTC), "America/New_York", language) in part
        assert "₹1,18,000.50" in part


def test_who_travels_to_a_place_reads_its_clocks() -> None:
    spoken = known(zone="America/New_York", consultation_type="IN_PERSON")
    assert spoken["when"] == "Tue, 24 Nov 2026, 10:30 IST (Asia/Kolkata)"


def test_a_failed_video_is_not_called_an_absent_doctor() -> None:
    template = shipped_template(NotificationType.APPOINTMENT_NO_SHOW)
    failed = render(template, known({"reason_code": "video-failed"}))
    absent = render(template, known({"reason_code": "doctor-absent"}))
    assert "video connection" in failed.text
    assert "the doctor was not" not in failed.text
    assert "the doctor was not" in absent.text


def test_a_confirmation_says_who_when_and_where() -> None:
    words = render(shipped_template(NotificationType.APPOINTMENT_CONFIRMED), known())
    for part in ("Dr Meera Rao", "Tue, 24 Nov 2026, 10:30 IST (Asia/Kolkata)", "12 Lake Road, Pune"):
        assert part in words.text
        assert part in words.html


def test_a_cancellation_names_what_goes_back() -> None:
    words = render(shipped_template(NotificationType.APPOINTMENT_CANCELLED), known(status="cancelled"))
    assert "₹1,18,000.50 of what you paid goes back to you" in words.text


def test_an_unconfirmed_cancellation_does_not_claim_that_money_was_taken() -> None:
    payload = {
        "amount": 50_000,
        "currency": "INR",
        "payment_id": "x",
        "cancelled_by": "admin",
        "was_confirmed": False,
    }
    words = render(
        shipped_template(NotificationType.APPOINTMENT_CANCELLED), known(payload, status="cancelled")
    )
    assert "If you have paid, all of it goes back to you (₹500.00)." in words.text


def test_a_free_visit_speaks_of_no_money_when_cancelled() -> None:
    payload = {
        "amount": 0,
        "currency": "INR",
        "payment_id": None,
        "cancelled_by": "patient",
        "was_confirmed": True,
    }
    words = render(
        shipped_template(NotificationType.APPOINTMENT_CANCELLED), known(payload, status="cancelled")
    )
    assert "refund" not in words.text
    assert "₹" not in words.text


def test_a_name_is_text_never_markup() -> None:
    words = render(
        shipped_template(NotificationType.APPOINTMENT_CONFIRMED),
        known(name="<script>alert(1)</script>", doctor_name="{{ 7 * 7 }}"),
    )
    assert "<script>" not in words.html
    assert "&lt;script&gt;" in words.html
    assert "49" not in words.subject


def test_a_subject_is_one_line() -> None:
    words = render(
        shipped_template(NotificationType.APPOINTMENT_CONFIRMED), known(doctor_name="Dr X\r\nBcc: all@x")
    )
    assert "\n" not in words.subject
    assert "\r" not in words.subject


@pytest.mark.parametrize(
    "text", ["{{ missing }}", "{% if %}", "{{ doctor.__class__.__mro__ }}", "{{ 1 / 0 }}"]
)
def test_a_template_that_reaches_too_far_is_an_error_never_a_hole(text: str) -> None:
    with pytest.raises(TemplateWrong):
        render(Template(1, "Subject", text, ""), known())


def test_mail_fits_a_phone_loads_nothing_and_needs_no_style_sheet() -> None:
    for each in EVERYTHING:
        if each.channel is NotificationChannel.EMAIL:
            for preview in previews(each.type, template_of(each)):
                html = preview.words.html
                assert re.search(r'style="[^"]*max-width: ?560px', html)
                assert re.search(r'<h1 style="[^"]*font-size', html)
                assert "src=" not in html
                assert "<style" not in html
                assert "<link" not in html
