"""What a visit earns is divided to the last paisa, and the division follows from the total alone."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.payments.commission import Earnings, Shares, Terms

PERCENT = st.decimals(0, 100, places=2)
AMOUNT = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("total", "commission", "tax", "shares"),
    [
        (50_000, "20", "18", Shares(40_000, 8_475, 1_525)),
        (50_000, "20", "0", Shares(40_000, 10_000, 0)),
        (50_000, "0", "18", Shares(50_000, 0, 0)),
        (50_000, "100", "18", Shares(0, 42_373, 7_627)),
        (50, "1", "0", Shares(50, 0, 0)),  # half a paisa goes to the even side: none
        (150, "1", "0", Shares(148, 2, 0)),  # and one and a half is two
        (-300, "20", "18", Shares(-300, 0, 0)),
    ],
)
def test_tax_is_inside_the_commission_and_halves_go_to_the_even_paisa(
    total: int, commission: str, tax: str, shares: Shares
) -> None:
    assert Terms(Decimal(commission), Decimal(tax)).divide(total) == shares


@given(total=AMOUNT, commission=PERCENT, tax=PERCENT)
@pytest.mark.failure_row(55)
def test_the_shares_are_the_whole_and_none_is_off_by_more_than_half_a_unit(
    total: int, commission: Decimal, tax: Decimal
) -> None:
    shares = Terms(commission, tax).divide(total)
    assert shares.total == total
    assert min(shares.doctor, shares.revenue, shares.tax) >= 0
    ours = shares.revenue + shares.tax
    assert abs(ours - Fraction(commission) * total / 100) <= Fraction(1, 2)
    assert abs(shares.tax - ours * Fraction(tax) / (100 + Fraction(tax))) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("total", "shares"),
    [
        (
            59_000,
            Shares(40_000, 8_475, 9_000 + 1_525),
        ),  # 9,000 of tax is inside, and 20 percent of the rest is ours
        (0, Shares()),
        (-300, Shares(-300, 0, 0)),
        (1, Shares(1, 0, 0)),
    ],
)
def test_the_tax_on_the_visit_is_nobodys_earning_and_commission_is_of_the_rest(
    total: int, shares: Shares
) -> None:
    assert Terms(Decimal(20), Decimal(18), Decimal(18)).divide(total) == shares


@given(total=AMOUNT, commission=PERCENT, tax=PERCENT, service=PERCENT)
def test_with_a_tax_on_the_visit_the_shares_are_still_the_whole(
    total: int, commission: Decimal, tax: Decimal, service: Decimal
) -> None:
    shares = Terms(commission, tax, service).divide(total)
    assert shares.total == total
    assert min(shares.doctor, shares.revenue, shares.tax) >= 0


@given(total=AMOUNT, commission=PERCENT, tax=PERCENT, parts=st.lists(AMOUNT, max_size=5))
def test_parts_that_go_back_leave_what_the_rest_would_have_earned(
    total: int, commission: Decimal, tax: Decimal, parts: list[int]
) -> None:
    terms = Terms(commission, tax)
    earnings, left = Earnings(terms.divide(total), terms), total
    for part in parts:
        part = min(part, left)
        earnings, left = Earnings(earnings.after(-part), terms), left - part
    assert earnings.shares == terms.divide(left)
    assert earnings.after(-left) == Shares()
