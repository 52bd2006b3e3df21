"""How a visit's money is divided between its doctor, us and the tax on our part.

The rule is stated here once, and the audit holds every appointment to it: the division follows from the total
that is earned, now. A refund after the visit therefore takes the commission back with it, and a full refund all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Shares:
    """Who earned what of an appointment, in minor units."""

    doctor: int = 0
    revenue: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        return self.doctor + self.revenue + self.tax


@dataclass(frozen=True, slots=True)
class Terms:
    """Percents. The tax is inside the commission: 20 percent with a tax of 18 is 16.95 for us and 3.05 of tax."""

    commission_percent: Decimal = Decimal(0)
    tax_percent: Decimal = Decimal(0)

    def divide(self, total: int) -> Shares:
        """`total` minor units, divided: commission and tax are rounded half to even, the remainder is the doctor's.

        What is below zero (more went back than was earned) is the doctor's alone.
        """
        commission = round(Fraction(self.commission_percent) * max(0, total) / 100)
        tax = round(Fraction(self.tax_percent) * commission / (100 + Fraction(self.tax_percent)))
        return Shares(total - commission, commission - tax, tax)


@dataclass(frozen=True, slots=True)
class Earnings:
    """What an appointment has earned so far, and on which terms."""

    shares: Shares = Shares()
    terms: Terms = Terms()

    def after(self, amount: int) -> Shares:
        """The shares when `amount` more is earned, or less where it is below zero."""
        return self.terms.divide(self.shares.total + amount)


NOTHING_EARNED = Earnings()
