"""One instant and one amount, as people in different places and languages read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.gateway.web.shared.formats import Formats, zone_or
from niyat.kernel.money import Money

NOW = datetime(2025, 11, 6, 4, 30, tzinfo=UTC)
VISIT = datetime(2025, 11, 6, 19, 0, tzinfo=UTC)


def fmt(language: str = "en", zone: str = "Asia/Kolkata") -> Formats:
    return Formats(language, zone, NOW)


@pytest.mark.parametrize(
    ("language", "zone", "words"),
    [
        ("en", "Asia/Kolkata", "Tomorrow, 12:30 am"),
        ("hi", "Asia/Kolkata", "कल, रात 12:30"),
        ("en", "Europe/Berlin", "Today, 8:00 pm"),
        ("en", "America/New_York", "Tomorrow, 2:00 pm"),
        ("hi", "America/New_York", "कल, दोपहर 2:00"),
    ],
)
def test_a_moment_falls_on_the_viewers_own_day(language: str, zone: str, words: str) -> None:
    assert fmt(language, zone).moment(VISIT).replace("\u202f", " ") == words


def test_a_day_is_told_with_its_year_only_when_it_is_another() -> None:
    assert fmt().day(VISIT) == "Friday, 7 November"
    assert fmt("hi").day(VISIT) == "शुक्रवार, 7 नवंबर"
    assert fmt().day(VISIT + timedelta(days=100)) == "Sunday, 15 February 2026"


@pytest.mark.parametrize(
    ("language", "minutes", "words"),
    [
        ("en", 20, "11:30 – 11:50 am"),
        ("en", 60, "11:30 am – 12:30 pm"),
        ("hi", 20, "सुबह 11:30 – 11:50"),
        ("hi", 60, "सुबह 11:30 – दोपहर 12:30"),
    ],
)
def test_a_span_says_the_part_of_the_day_once(language: str, minutes: int, words: str) -> None:
    start = datetime(2025, 11, 7, 6, 0, tzinfo=UTC)
    assert fmt(language).time_span(start, start + timedelta(minutes=minutes)).replace("\u202f", " ") == words


def test_zones_have_names_that_people_use_and_follow_summer_time() -> None:
    assert fmt().zone_name(NOW) == "India Time"
    assert fmt("hi").zone_name(NOW) == "भारत समय"
    assert fmt(zone="Europe/Berlin").zone_name(NOW) == "Central European Standard Time"
    assert fmt(zone="Europe/Berlin").zone_name(NOW + timedelta(days=240)) == "Central European Summer Time"


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/London", "Greenwich Mean Time", "British Summer Time"),
        ("Europe/Dublin", "Greenwich Mean Time", "Irish Standard Time"),
        ("Australia/Lord_Howe", "Lord Howe Daylight Time", "Lord Howe Standard Time"),
        ("America/New_York", "Eastern Standard Time", "Eastern Daylight Time"),
    ],
)
def test_a_zone_is_named_as_its_clocks_stand(zone: str, winter: str, summer: str) -> None:
    january, july = (datetime(2027, month, 15, 9, 30, tzinfo=UTC) for month in (1, 7))
    assert (fmt(zone=zone).zone_name(january), fmt(zone=zone).zone_name(july)) == (winter, summer)


def test_two_clocks_are_the_same_when_they_read_the_same() -> None:
    assert fmt().same_clock(NOW, "Asia/Colombo")
    assert not fmt().same_clock(NOW, "Europe/Berlin")


@pytest.mark.parametrize(
    "name",
    [
        *(None, "", "Mars/Olympus", "../../etc/passwd", "Asia/Kolkata\x00", "/etc/localtime", "Europe"),
        *("Factory", "localtime", "posixrules", "right/Asia/Kolkata", "asia/kolkata"),
    ],
)
def test_a_zone_that_is_none_gives_way_to_the_default(name: str | None) -> None:
    assert zone_or(name, "Asia/Kolkata") == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (Money(80_000, "INR"), "₹800"),
        (Money(11_800_050, "INR"), "₹1,18,000.50"),
        (Money(0, "INR"), "₹0"),
        (Money(5, "INR"), "₹0.05"),
        (Money(-40_000, "INR"), "-₹400"),
        (Money(5_000, "JPY"), "¥5,000"),
        (Money(12_345, "KWD"), "KWD12.345"),
    ],
)
@pytest.mark.parametrize("language", ["en", "hi"])
def test_money_is_grouped_the_indian_way_and_shows_paise_only_when_there_are_some(
    language: str, money: Money, words: str
) -> None:
    written = fmt(language).money(money).replace("JP¥", "¥")
    assert written == words


@given(st.integers(min_value=0, max_value=10**12))
def test_no_paisa_is_lost_in_writing(amount: int) -> None:
    written = fmt().money(Money(amount, "INR")).removeprefix("₹").replace(",", "")
    rupees, _, paise = written.partition(".")
    assert int(rupees) * 100 + int(paise or 0) == amount


def test_what_is_left_never_goes_below_zero() -> None:
    assert fmt().seconds_until(NOW - timedelta(minutes=1)) == 0
    assert fmt().clock(247) == "4:07"
    assert fmt().clock(-3) == "0:00"


def test_words_of_the_clinic_are_translated_where_known_and_shown_as_written_where_not() -> None:
    assert fmt("hi").term("Dermatology") == "त्वचा रोग"
    assert fmt("hi").term("Yoga 100% (sic) %(x)s") == "Yoga 100% (sic) %(x)s"
    assert fmt("hi").term("") == ""
    assert fmt("hi").language_name("ta") == "तमिल"
    assert fmt("en").language_name("Klingon?") == "Klingon?"
