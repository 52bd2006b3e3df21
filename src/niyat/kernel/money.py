"""Money is an integer of minor units (paise for INR) and an ISO 4217 currency; never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import Field

MinorUnits = Annotated[int, Field(ge=0, le=10**12, description="Integer minor units (paise for INR)")]

SYMBOLS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}
# ISO 4217, where it is not two.
_NONE = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
)  # fmt: skip
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_FOUR = ("CLF", "UYW")
DECIMALS = dict.fromkeys(_NONE, 0) | dict.fromkeys(_THREE, 3) | dict.fromkeys(_FOUR, 4)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies cannot be added or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` minor units of `currency`; may be negative in a ledger."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def percent(self, percent: int) -> Money:
        """`percent` hundredths of this, rounded half up to the minor unit (the clinic's stated rule)."""
        return Money((self.amount * percent + 50) // 100, self.currency)

    def __str__(self) -> str:
        """For people: `₹1,18,000.50` groups the Indian way for INR, by thousands elsewhere."""
        whole, _, fraction = f"{exact(abs(self.amount), self.currency):f}".partition(".")
        grouped = _indian(whole) if self.currency == "INR" else f"{int(whole):,}"
        sign = "-" if self.amount < 0 else ""
        symbol = SYMBOLS.get(self.currency, f"{self.currency} ")
        return f"{sign}{symbol}{grouped}" + (f".{fraction}" if fraction else "")

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")


def exact(amount: int, currency: str) -> Decimal:
    """`amount` minor units as the decimal that it is: 50000 INR is 500.00, 500 JPY is 500."""
    return Decimal(amount).scaleb(-DECIMALS.get(currency, 2))


def _indian(whole: str) -> str:
    head, tail = whole[:-3], whole[-3:]
    groups = [tail]
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join(groups)
