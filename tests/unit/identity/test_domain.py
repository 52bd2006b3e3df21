"""One spelling per address, and what a person recognises of a browser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.identity.domain import (
    email_address,
    phone_number,
    service_account_id,
    user_agent_summary,
)


@pytest.mark.parametrize(
    "text",
    [
        "9876543210",
        "09876543210",
        "+919876543210",
        "+91 98765 43210",
        "0091-98765-43210",
        "(+91) 98765-43210",
    ],
)
def test_a_phone_number_has_one_spelling(text: str) -> None:
    assert phone_number(text, "IN") == "+919876543210"


def test_a_number_of_another_country_keeps_its_code() -> None:
    assert phone_number("+33 6 12 34 56 78", "IN") == phone_number("06 12 34 56 78", "FR") == "+33612345678"


@pytest.mark.parametrize("text", ["", "12345", "phone", "+", "+999 1234567", "98765432101234567890"])
def test_what_is_no_phone_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="country code"):
        phone_number(text, "IN")


@given(st.text(max_size=40))
def test_no_text_whatever_crashes_the_phone_parser_and_what_passes_is_stable(text: str) -> None:
    try:
        spelt = phone_number(text, "IN")
    except ValueError:
        return
    assert phone_number(spelt, "FR") == spelt


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Asha@Example.com", "asha@example.com"),
        ("a.b+c@EXAMPLE.co.in", "a.b+c@example.co.in"),
        ("asha@bücher.example", "asha@xn--bcher-kva.example"),
        ("asha@clinic.test", "asha@clinic.test"),
    ],
)
def test_an_email_has_one_spelling_in_ascii(text: str, spelt: str) -> None:
    assert email_address(text) == email_address(spelt) == spelt


@pytest.mark.parametrize(
    "text", ["", "asha", "asha@", "@example.com", "a b@example.com", "ашa@example.com", "a@b\n.com"]
)
def test_what_is_no_email_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an email address"):
        email_address(text)


@given(st.one_of(st.emails(), st.text(max_size=60)))
def test_every_email_that_passes_is_ascii_lower_case_and_stable(text: str) -> None:
    try:
        spelt = email_address(text)
    except ValueError:
        return
    assert spelt.isascii()
    assert spelt == spelt.lower() == email_address(spelt)


@pytest.mark.parametrize(
    ("header", "summary"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.1; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on macOS"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
        ("<script>" * 1000, "Unknown browser"),
    ],
)  # fmt: skip
def test_a_person_recognises_their_browser(header: str, summary: str) -> None:
    assert user_agent_summary(header) == summary


def test_a_service_has_a_fixed_id_of_its_own() -> None:
    assert (
        service_account_id("payments")
        == service_account_id("payments")
        != service_account_id("notifications")
    )
