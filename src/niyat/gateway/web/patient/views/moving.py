"""Moving a visit to another time of its doctor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from niyat.gateway.web.patient.views.finding import Doctor, DoctorBookingForm, Mode, Offer
from niyat.gateway.web.patient.views.visits import Appointment
from niyat.kernel.money import Money


@dataclass(frozen=True, kw_only=True)
class Moving:
    """The free times, and what each way to meet does to the price. The form posts what the booking form does,
    `was` (ISO; the time that one moves away from) and `fee-<mode>`: nobody agrees to what they did not see.

    `costs`: what the present time costs, without what earlier moves forfeited. `at_most`: per cent; moving as late as
    now, no more than that of a difference comes back, nor of the price by a later cancellation.
    """

    appointment: Appointment
    doctor: Doctor
    booking: DoctorBookingForm
    costs: Money
    at_most: int | None = None

    def back(self, offer: Offer) -> Money | None:
        """What comes back when that way to meet costs less."""
        less = Money(max(0, self.costs.amount - offer.fee.amount), offer.fee.currency)
        back = less if self.at_most is None else less.percent(self.at_most)
        return back if back.amount else None

    def dearer(self, offer: Offer) -> Money | None:
        """By how much it costs more; then it cannot be moved here."""
        more = offer.fee.amount - self.costs.amount
        return Money(more, offer.fee.currency) if more > 0 else None

    @property
    def possible(self) -> tuple[Mode, ...]:
        """The ways to meet that one can move to."""
        return tuple(offer.mode for offer in self.doctor.offers if not self.dearer(offer))


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The visit at its new time. `before`: when it was, if that is known and another time."""

    appointment: Appointment
    before: datetime | None = None
    back: Money | None = None
