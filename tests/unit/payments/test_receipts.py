"""The number, the year and the tax of a receipt."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.payments.receipts import financial_year, number_text, round_half_even, taxed


@pytest.mark.parametrize(
    ("at", "year"),
    [
        ("2027-03-31T18:29:59Z", "2026-27"),  # 23:59:59 in India
        ("2027-03-31T18:30:00Z", "2027-28"),  # midnight there: 1 April
        ("2026-12-31T23:00:00Z", "2026-27"),
        ("2099-04-01T12:00:00Z", "2099-00"),
    ],
)
@pytest.mark.failure_row(47)
def test_the_year_turns_at_midnight_of_the_first_of_april_where_the_clinic_is(at: str, year: str) -> None:
    assert financial_year(datetime.fromisoformat(at), "Asia/Kolkata") == year


def test_a_number_fits_the_sixteen_characters_that_an_invoice_may_have() -> None:
    assert number_text("2026-27", "R", 123) == "2026-27/R/000123"
    assert len(number_text("2026-27", "N", 999_999)) == 16


def test_an_exempt_service_names_its_reason_and_no_tax() -> None:
    found = taxed(50_000, 0, "Exempt")
    assert (found.taxable, found.lines, found.exemption) == (50_000, (), "Exempt")


def test_tax_is_inside_the_amount_and_halved_with_the_odd_paisa_in_the_first_half() -> None:
    found = taxed(50_000, 18, "Exempt")
    assert found.taxable == 42_373
    assert [(line.name, line.percent, line.amount) for line in found.lines] == [
        ("CGST", "9", 3_814),
        ("SGST", "9", 3_813),
    ]
    assert found.exemption == ""
    assert taxed(10_500, 5, "").lines[0].percent == "2.5"


@given(st.integers(1, 10**12), st.integers(0, 40))
def test_what_is_taxable_and_its_taxes_add_up_to_the_amount(amount: int, percent: int) -> None:
    found = taxed(amount, percent, "")
    assert found.taxable + sum(line.amount for line in found.lines) == amount
    assert all(line.amount >= 0 for line in found.lines)


@given(st.integers(0, 10**9), st.integers(1, 10**4))
def test_rounding_is_to_the_nearest_and_a_half_to_the_even(part: int, whole: int) -> None:
    assert round_half_even(part * 2, 2 * whole) == round_half_even(part, whole)
    assert abs(round_half_even(part, whole) * whole - part) * 2 <= whole
    assert round_half_even(2 * part + 1, 2) % 2 == 0
