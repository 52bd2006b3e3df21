"""How a visit's money is divided between its doctor, us and the taxes: on the visit, and on our part.

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
    """Percents. The tax is inside the commission: 20 percent with a tax of 18 is 16.95 for us and 3.05 of tax.

    `service_tax_percent`: inside the price, as the receipt names it; nobody's earning, so commission is of the rest.
    """

    commission_percent: Decimal = Decimal(0)
    tax_percent: Decimal = Decimal(0)
    service_tax_percent: Decimal = Decimal(0)

    def divide(self, total: int) -> Shares:
        """`total` minor units, divided: taxes and commission are rounded half to even, the remainder is the doctor's.

        What is below zero (more went back than was earned) is the doctor's alone.
        """
        service_tax = _inside(max(0, total), self.service_tax_percent)
        commission = round(Fraction(self.commission_percent) * (max(0, total) - service_tax) / 100)
        tax = _inside(commission, self.tax_percent)
        return Shares(total - service_tax - commission, commission - tax, service_tax + tax)


def _inside(amount: int, percent: Decimal) -> int:
    """The tax of `percent` that is inside `amount`."""
    return round(Fraction(percent) * amount / (100 + Fraction(percent)))


@dataclass(frozen=True, slots=True)
class Earnings:
    """What an appointment has earned so far, and on which terms."""

    shares: Shares = Shares()
    terms: Terms = Terms()

    def after(self, amount: int) -> Shares:
        """The shares when `amount` more is earned, or less where it is below zero."""
        return self.terms.divide(self.shares.total + amount)


NOTHING_EARNED = Earnings()
