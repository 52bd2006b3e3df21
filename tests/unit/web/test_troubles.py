"""What the gateway has trouble with is said where people pay, in their language, and only then."""

from __future__ import annotations

import pytest

from niyat.gateway.web.patient.reading import troubles
from niyat.gateway.web.patient.views import Trouble
from tests.support import preview


def test_each_way_to_pay_is_named_once_with_all_that_is_known_of_it() -> None:
    found = [
        {"method": "netbanking", "instrument": {"bank": "SBIN"}},
        {"method": "netbanking", "instrument": {"bank": "HDFC"}},
        {"method": "upi", "instrument": {"vpa_handle": "ALL"}},
        {"method": "upi", "instrument": {"vpa_handle": "oksbi"}},
        {"method": "card", "instrument": {}},
    ]
    assert troubles(found) == (
        Trouble(method="netbanking", which=("HDFC", "SBIN")),
        Trouble(method="upi"),
        Trouble(method="card"),
    )
    assert troubles([]) == ()


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Some ways to pay have trouble"), ("hi", "तरीकों में अभी दिक्कत")]
)
def test_the_checkout_says_so_while_there_is_trouble_and_not_otherwise(language: str, said: str) -> None:
    shown = bytes(preview.show("checkout-trouble", language).body).decode()
    assert said in shown
    assert "(HDFC, SBIN)" in shown
    assert said not in bytes(preview.show("checkout", language).body).decode()
