"""An appointments service in memory, for payments: it follows the protocol's rules about time and who secured it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from niyat.kernel.errors import ServiceUnavailable
from niyat.payments import errors
from niyat.payments.domain import Secured
from niyat.payments.ports import Quote, Verdict
from niyat.payments.ports import Visit as VisitFacts

PRICE = 50_000


@dataclass
class Visit:
    """An appointment as appointments would have it."""

    appointment_id: UUID
    patient_id: UUID
    doctor_id: UUID
    amount: int = PRICE
    currency: str = "INR"
    status: str = "reserved"
    secured_by: UUID | None = None
    secured_as: int = 0
    released_below: int = 0
    slot_free: bool = True
    price: int | None = None  # what it costs since it moved
    revision: int = 0
    hold_expires_at: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=5))

    @property
    def live(self) -> bool:
        return self.status in ("reserved", "pending-payment", "confirmed")


class InMemoryAppointments:
    """The `Appointments` port by the rules of the protocol, section 3; `silent` loses that many answers; while
    `speechless` it does not say who is seen."""

    def __init__(self) -> None:
        self.visits: dict[UUID, Visit] = {}
        self.silent = 0
        self.speechless = False
        self.doctors: dict[UUID, UUID] = {}
        self.deaf = 0

    async def payment_started(self, appointment_id: UUID, account_id: UUID) -> Quote:
        visit = self.visits.get(appointment_id)
        if visit is None or visit.patient_id != account_id:
            raise errors.AppointmentNotFound
        refusal = {
            "cancelled": errors.AppointmentCancelled,
            "expired": errors.HoldLapsed,
            "confirmed": errors.AlreadyPaid,
        }.get(visit.status)
        if refusal is not None:
            raise refusal
        visit.status = "pending-payment"
        return await self.quote(appointment_id)

    async def quote(self, appointment_id: UUID) -> Quote:
        visit = self.visits.get(appointment_id)
        if visit is None:
            raise errors.AppointmentNotFound
        return Quote(
            visit.appointment_id, visit.doctor_id, visit.patient_id, visit.amount, visit.currency, {},
            visit.hold_expires_at, visit.hold_expires_at + timedelta(days=1),
        )  # fmt: skip

    async def visit(self, appointment_id: UUID) -> VisitFacts:
        if self.speechless:
            raise ServiceUnavailable
        if appointment_id not in self.visits:
            raise errors.AppointmentNotFound
        return VisitFacts(
            "Dr. Asha Rao", "KMC 12345", "Niyat Clinic", "12 MG Road, Bengaluru", "VIDEO",
            datetime(2026, 12, 1, 4, 30, tzinfo=UTC), "Asia/Kolkata",
        )  # fmt: skip

    async def doctor_account(self, doctor_id: UUID) -> UUID:
        if doctor_id not in self.doctors:
            raise errors.DoctorNotFound
        return self.doctors[doctor_id]

    async def secure(
        self,
        appointment_id: UUID,
        payment_id: UUID,
        order_id: str,
        amount: int,
        currency: str,
        *,
        securing: int,
    ) -> Secured:
        if self.deaf:
            self.deaf -= 1
            raise ServiceUnavailable
        visit = self.visits[appointment_id]
        outcome = Secured.BUSY
        if securing >= visit.released_below:
            outcome = self._secure(visit, payment_id, amount, currency)
        if outcome is Secured.SECURED:
            visit.secured_as = securing
        if self.silent:
            self.silent -= 1
            raise ServiceUnavailable
        return outcome

    def _secure(self, visit: Visit, payment_id: UUID, amount: int, currency: str) -> Secured:
        if visit.secured_by == payment_id and visit.live:
            return Secured.SECURED
        if visit.status == "cancelled":
            return Secured.CANCELLED
        if (amount, currency) != (visit.amount, visit.currency):
            return Secured.MISMATCH
        if visit.status == "confirmed":
            return Secured.ALREADY_PAID
        if visit.secured_by is not None and visit.live:
            return Secured.BUSY
        if not visit.live:
            if not visit.slot_free:
                return Secured.GONE
            visit.status = "pending-payment"
        visit.secured_by = payment_id
        return Secured.SECURED

    async def payment_captured(
        self, appointment_id: UUID, payment_id: UUID, amount: int, currency: str
    ) -> Verdict:
        visit = self.visits[appointment_id]
        if self.captured(visit, payment_id):
            return Verdict(Secured.CONFIRMED, 0)
        outcome = {"cancelled": Secured.CANCELLED, "confirmed": Secured.ALREADY_PAID}.get(
            visit.status, Secured.GONE
        )
        return Verdict(outcome, amount)

    def captured(self, visit: Visit, payment_id: UUID) -> bool:
        """`confirmed WHERE secured_by = payment_id`."""
        if visit.secured_by == payment_id and visit.live:
            visit.status = "confirmed"
            return True
        return False

    def released(self, visit: Visit, payment_id: UUID, securing: int) -> None:
        visit.released_below = max(visit.released_below, securing + 1)
        if securing < visit.secured_as:
            return
        if visit.secured_by == payment_id and visit.status == "pending-payment":
            visit.secured_by = None
