"""What payments asks and is told of an appointment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from niyat.appointments.domain import (
    AppointmentStatus,
    Captured,
    ConsultationType,
    Secured,
)
from niyat.appointments.http.shapes import PolicyView
from niyat.kernel.fields import Body, Currency
from niyat.kernel.money import MinorUnits


class PaymentStartedBody(Body):
    """Whose payment begins."""

    account_id: UUID


class SecureBody(Body):
    """The payment that was authorised."""

    payment_id: UUID
    order_id: str = Field(max_length=64)
    amount: MinorUnits
    currency: Currency
    securing: int = Field(
        ge=0, le=2**63 - 1, description="The wish's number; one overtaken by a release is `busy`"
    )


class CapturedBody(Body):
    """The payment that was captured."""

    payment_id: UUID
    amount: MinorUnits
    currency: Currency


class QuoteView(BaseModel):
    """What a visit costs and until when it can be paid."""

    appointment_id: UUID
    doctor_id: UUID
    patient_id: UUID
    status: AppointmentStatus
    amount: int = Field(description="Minor units; as quoted when it was booked, even if it costs less by now")
    currency: str
    policy: PolicyView
    hold_expires_at: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str


class InternalView(QuoteView):
    """What other services may know of an appointment."""

    revision: int
    secured_by: UUID | None
    consultation_type: ConsultationType
    doctor_name: str
    registration_number: str
    doctor_account_id: UUID
    clinic_name: str
    clinic_address: str
    place: str
    cancelled_by: str | None
    amount_owed_back: int | None
    updated_at: datetime


class FindAppointmentsBody(Body):
    """Which appointments are asked about."""

    appointment_ids: set[UUID] = Field(min_length=1, max_length=100)


class FoundAppointmentsView(BaseModel):
    """Those of them that are there, in no order."""

    items: list[InternalView]


class InternalDoctorView(BaseModel):
    """What other services may know of a doctor."""

    doctor_id: UUID
    account_id: UUID
    doctor_name: str
    registration_number: str
    time_zone: str


class VisitOfDayView(BaseModel):
    """A visit on a doctor's list; not whose it is, nor why."""

    appointment_id: UUID
    starts_at: datetime
    ends_at: datetime
    consultation_type: ConsultationType
    place: str


class DoctorDayView(BaseModel):
    """The confirmed visits of a doctor that start from `starts_at` until before `ends_at`, in order."""

    doctor_id: UUID
    doctor_account_id: UUID
    clinic_name: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    visits: list[VisitOfDayView]


class SecuredView(BaseModel):
    """What becomes of the payment's wish for the slot."""

    outcome: Secured


class CapturedView(BaseModel):
    """What the captured payment found, and how much of it goes back."""

    outcome: Captured
    amount_owed_back: int
