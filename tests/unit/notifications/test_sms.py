"""Text messages are counted as providers count them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.notifications.domain import NotificationChannel
from niyat.notifications.errors import TextTooLong
from niyat.notifications.rendering import Template, render
from niyat.notifications.sms import Size, measure, plain


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Size("GSM-7", 0, 1)),
        ("a" * 160, Size("GSM-7", 160, 1)),
        ("a" * 161, Size("GSM-7", 161, 2)),
        ("a" * 306, Size("GSM-7", 306, 2)),
        ("a" * 307, Size("GSM-7", 307, 3)),
        ("€" * 80, Size("GSM-7", 160, 1)),
        ("a" * 152 + "€" + "a" * 152, Size("GSM-7", 306, 3)),  # an escape and its character stay together
        ("@£$éùΔ_ÆßÉ\n", Size("GSM-7", 11, 1)),
        ("₹" + "a" * 69, Size("UCS-2", 70, 1)),
        ("₹" + "a" * 70, Size("UCS-2", 71, 2)),
        ("न" * 134, Size("UCS-2", 134, 2)),
        ("न" * 135, Size("UCS-2", 135, 3)),
        ("🙂" * 35, Size("UCS-2", 70, 1)),
        ("🙂" * 67, Size("UCS-2", 134, 3)),  # 33 of them fit in 67 units
    ],
)
def test_a_text_message_is_measured_as_3gpp_says(text: str, size: Size) -> None:
    assert measure(text) == size


@given(st.text(max_size=400))
def test_a_longer_text_never_takes_fewer_segments(text: str) -> None:
    assert measure(text).segments <= measure(text + "a").segments
    assert measure(text + "₹").encoding == "UCS-2"


def test_one_sign_does_not_double_the_price_of_an_english_message() -> None:
    assert plain("Received: ₹1,500.00 for “you” – now") == 'Received: Rs 1,500.00 for "you" - now'
    assert plain("₹500 वापस") == "₹500 वापस"


def test_a_text_message_that_no_provider_takes_is_refused_before_it_is_sent() -> None:
    template = Template(1, "", "{{ code }}", "", "en", NotificationChannel.SMS)
    assert render(template, {"code": "x" * 1530}).text
    with pytest.raises(TextTooLong):
        render(template, {"code": "x" * 1531})
