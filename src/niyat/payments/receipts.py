"""What a receipt says, as values: its number, its financial year, its tax lines. No IO.

A receipt is of one capture, a note of one processed refund. Numbers are `2026-27/R/000123` and `2026-27/N/000007`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

FIRST_MONTH = 4
"""India's financial year is 1 April to 31 March (General Clauses Act 1897, section 3(21))."""


class Series(StrEnum):
    """The two rows of numbers of a year."""

    RECEIPT = "R"
    NOTE = "N"


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax that is inside the amount. `percent` as it is printed; `amount` in minor units."""

    name: str
    percent: str
    amount: int


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount taken apart: `taxable` and `lines` add up to it. No lines: exempt, for the reason in `exemption`."""

    taxable: int
    lines: tuple[TaxLine, ...]
    exemption: str

    def as_json(self) -> dict[str, Any]:
        lines = [{"name": line.name, "percent": line.percent, "amount": line.amount} for line in self.lines]
        return {"taxable_amount": self.taxable, "tax_lines": lines, "exemption": self.exemption}


def financial_year(at: datetime, zone: str) -> str:
    """The financial year of an instant on the clinic's calendar: `2026-27`."""
    local = at.astimezone(ZoneInfo(zone))
    first = local.year if local.month >= FIRST_MONTH else local.year - 1
    return f"{first:04}-{(first + 1) % 100:02}"


def number_text(year: str, series: str, number: int) -> str:
    """A number as it is printed: 16 characters, as many as an Indian tax invoice may have, up to a million."""
    return f"{year}/{series}/{number:06}"


def taxed(amount: int, percent: int, exemption: str) -> Taxed:
    """Take apart an amount that has its tax inside, `percent` of what is taxable.

    The tax is rounded to the minor unit half-even and what remains is taxable. It is halved into CGST and SGST (a
    visit's place of supply is the clinic's state); an odd paisa is in CGST.
    """
    if not percent:
        return Taxed(amount, (), exemption)
    tax = round_half_even(amount * percent, 100 + percent)
    state = tax // 2
    half = f"{percent / 2:g}"
    return Taxed(amount - tax, (TaxLine("CGST", half, tax - state), TaxLine("SGST", half, state)), "")


def round_half_even(part: int, whole: int) -> int:
    """`part / whole` for integers of zero or more, to the nearest integer, a half to the even one."""
    quotient, rest = divmod(part, whole)
    return quotient + (2 * rest > whole or (2 * rest == whole and quotient % 2 == 1))
