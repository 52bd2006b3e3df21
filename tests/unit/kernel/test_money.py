"""Money is whole minor units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.kernel.money import CurrencyMismatch, Money

amounts = st.integers(-(10**14), 10**14)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (11800050, "INR", "₹1,18,000.50"),
        (123456789012, "INR", "₹1,23,45,67,890.12"),
        (100000, "INR", "₹1,000.00"),
        (5, "INR", "₹0.05"),
        (0, "INR", "₹0.00"),
        (-50000, "INR", "-₹500.00"),
        (123456789, "USD", "$1,234,567.89"),
        (5000, "JPY", "JPY 5,000"),
        (1234567, "KWD", "KWD 1,234.567"),
    ],
)
def test_money_reads_as_people_write_it(amount: int, currency: str, text: str) -> None:
    assert str(Money(amount, currency)) == text


@given(amounts, st.sampled_from(["INR", "USD", "JPY", "KWD"]))
def test_what_people_read_is_the_amount(amount: int, currency: str) -> None:
    digits = "".join(
        character for character in str(Money(amount, currency)) if character.isdigit() or character == "-"
    )
    assert int(digits) == amount


@given(amounts, amounts)
def test_adding_and_subtracting_lose_nothing(a: int, b: int) -> None:
    assert Money(a, "INR") + Money(b, "INR") - Money(b, "INR") == Money(a, "INR")


def test_two_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "INR") + Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        Money(1, "INR") - Money(1, "USD")


@pytest.mark.parametrize(
    ("amount", "percent", "part"), [(101, 50, 51), (99, 50, 50), (1, 49, 0), (333, 100, 333), (7, 0, 0)]
)
def test_a_percentage_is_rounded_half_up(amount: int, percent: int, part: int) -> None:
    assert Money(amount, "INR").percent(percent).amount == part


@given(st.integers(0, 10**12), st.integers(0, 100))
def test_a_percentage_is_never_more_than_the_whole_nor_a_minor_unit_off(amount: int, percent: int) -> None:
    part = Money(amount, "INR").percent(percent).amount
    assert 0 <= part <= amount
    assert abs(part * 100 - amount * percent) <= 50
