"""What the API answers with. An appointment's own shape is made in SQL (`appointment_json`); a test compares."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from niyat.appointments.domain import AppointmentStatus, ConsultationType
from niyat.events.catalogue import PaymentMethod, PaymentStatus


class PaymentSummary(BaseModel):
    """What has become of the money, with every fact that payments told. Null until a payment begins."""

    status: PaymentStatus
    amount: int = Field(description="Minor units")
    refunded_amount: int = Field(description="Minor units")
    currency: str
    payment_id: UUID
    method: PaymentMethod | None
    history: list[dict[str, Any]] = Field(description="Facts by time: at, event, payment_id, amount, …")


class RefundTier(BaseModel):
    """Cancelled by the patient at least `hours_before` the start, `percent` of the price goes back."""

    hours_before: int
    percent: int


class Policy(BaseModel):
    """The cancellation terms, as they were when the booking was made."""

    tiers: list[RefundTier]
    clinic_cancels_percent: int


class AppointmentView(BaseModel):
    """An appointment. Instants are UTC; `time_zone` is the doctor's."""

    appointment_id: UUID
    doctor_id: UUID
    doctor_name: str
    clinic_name: str
    place: str
    patient_id: UUID
    status: AppointmentStatus
    consultation_type: ConsultationType
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    hold_expires_at: datetime
    secured: bool = Field(description="A payment keeps the slot: the hold does not lapse; do not pay again")
    amount: int = Field(description="The price in minor units; 0 is free")
    currency: str
    policy: Policy
    payment: PaymentSummary | None
    revision: int = Field(description="Counts moves")
    cancelled_by: Literal["patient", "doctor", "admin", "system"] | None
    cancel_reason_code: str | None
    amount_owed_back: int | None = Field(description="After a cancellation: what of the money goes back")
    no_show_party: Literal["patient", "doctor"] | None
    checked_in_at: datetime | None
    reason_for_visit: str | None
    created_at: datetime
    updated_at: datetime


class AppointmentPage(BaseModel):
    """Appointments by start."""

    items: list[AppointmentView]
    next_cursor: str | None


class CancellationView(BaseModel):
    """What a cancellation now would mean. `amount_owed_back` is what of the price goes back, if it was paid."""

    appointment_id: UUID
    status: AppointmentStatus
    amount: int
    amount_owed_back: int
    currency: str
    policy: Policy
    starts_at: datetime
    time_zone: str


class ClinicView(BaseModel):
    """A clinic."""

    clinic_id: UUID
    name: str
    address: str


class DoctorView(BaseModel):
    """A doctor, and the first time that can be booked now."""

    doctor_id: UUID
    name: str
    specialty: str
    languages: list[str]
    registration_number: str
    bio: str
    clinic_id: UUID
    clinic_name: str
    place: str
    fee_amount: int = Field(description="Minor units; 0 is free")
    currency: str
    time_zone: str
    slot_minutes: int
    minimum_notice_minutes: int
    maximum_advance_days: int
    consultation_types: list[ConsultationType]
    first_free_at: datetime | None


class DoctorPage(BaseModel):
    """Doctors by name."""

    items: list[DoctorView]
    next_cursor: str | None


class HoursView(BaseModel):
    """One window of a weekday, in the doctor's zone."""

    weekday: int = Field(description="ISO 8601: 1 is Monday")
    start_time: str
    end_time: str


class WeekView(BaseModel):
    """A doctor's weekly hours, in the doctor's zone."""

    doctor_id: UUID
    time_zone: str
    hours: list[HoursView]


class BlockView(BaseModel):
    """A time that the doctor took out of the schedule."""

    block_id: UUID
    doctor_id: UUID
    starts_at: datetime
    ends_at: datetime


class SlotView(BaseModel):
    """A time that can be booked now. `local_start` is the same instant in the list's `time_zone`."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    local_start: str = Field(examples=["2026-03-02T09:00:00+05:30"])


class SlotList(BaseModel):
    """Free times. `time_zone` is the viewer's if given, else the doctor's."""

    doctor_id: UUID
    time_zone: str
    doctor_time_zone: str
    items: list[SlotView]


class Quote(BaseModel):
    """What a visit costs and until when it can be paid."""

    appointment_id: UUID
    doctor_id: UUID
    patient_id: UUID
    status: AppointmentStatus
    amount: int
    currency: str
    policy: Policy
    hold_expires_at: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str


class InternalView(Quote):
    """What other services may know of an appointment."""

    revision: int
    secured_by: UUID | None
    consultation_type: ConsultationType
    doctor_name: str
    doctor_account_id: UUID
    clinic_name: str
    place: str
    cancelled_by: str | None
    amount_owed_back: int | None
    updated_at: datetime
