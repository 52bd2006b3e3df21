"""What the API takes and answers of a visit and its people. An appointment's shape is made in SQL; a test compares."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from niyat.appointments.domain import (
    AppointmentStatus,
    ConsultationType,
    Party,
    Relationship,
)
from niyat.appointments.http.moments import LocalTime
from niyat.appointments.waitlist import WaitlistStatus
from niyat.events.catalogue import PaymentMethod, PaymentStatus
from niyat.kernel.fields import Body, Day, Name, ReasonCode, Text


class ReserveBody(Body):
    """The slot, and how to meet."""

    slot_id: UUID
    consultation_type: ConsultationType
    reason_for_visit: Text | None = None
    family_member_id: UUID | None = Field(default=None, description="Who comes, if not the patient")


class ConfirmBody(Body):
    """Why, as a code; an admin always gives one."""

    reason_code: ReasonCode | None = None


class CancelBody(Body):
    """Why, as a code; an admin always gives one."""

    reason_code: ReasonCode | None = None


class RescheduleBody(Body):
    """Where to: a free slot of the same doctor, and how to meet there if not as before. An admin says why."""

    slot_id: UUID
    consultation_type: ConsultationType | None = None
    reason_code: ReasonCode | None = None


class CheckInBody(Body):
    """An admin says why."""

    reason_code: ReasonCode | None = None


class RunningLateBody(Body):
    """By how much the doctor is late; 0: not any more. An admin says why."""

    minutes: int = Field(ge=0, le=480)
    reason_code: ReasonCode | None = None


class StatusBody(Body):
    """Where to, and why. `party` says who did not come; an admin always gives a reason."""

    status: AppointmentStatus
    reason_code: ReasonCode | None = None
    party: Party = "patient"


BirthDate = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2100, 1, 1))]


class FamilyMemberBody(Body):
    """Somebody for whom the patient books."""

    name: Name
    relationship: Relationship = Field(description="What they are to the patient")
    birth_date: BirthDate | None = None


class FamilyMemberChangeBody(Body):
    """What changes; what is left out stays."""

    name: Name | None = Field(default=None, description="Null: stays")
    relationship: Relationship | None = Field(default=None, description="Null: stays")
    birth_date: BirthDate | None = Field(default=None, description="Null: taken away")

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that change, and their new values."""
        named = self.model_dump(exclude_unset=True)
        return {field: value for field, value in named.items() if value is not None or field == "birth_date"}


class WaitlistBody(Body):
    """What to wait for. Days and times are local to the doctor; what is left out is any."""

    doctor_id: UUID
    consultation_type: ConsultationType | None = None
    earliest_day: Day | None = None
    latest_day: Day | None = Field(default=None, description="The wait ends by itself after this day")
    from_time: LocalTime | None = Field(default=None, description="Visits begin at this time or later")
    to_time: LocalTime | None = Field(default=None, description="Visits end by this time")
    family_member_id: UUID | None = Field(default=None, description="Who comes, if not the patient")
    reason_for_visit: Text | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> WaitlistBody:
        if self.earliest_day and self.latest_day and self.latest_day < self.earliest_day:
            raise ValueError("latest_day must not be before earliest_day")
        if self.from_time and self.to_time and self.to_time <= self.from_time:
            raise ValueError("to_time must be later than from_time")
        return self


class PaymentFactView(BaseModel):
    """One thing that became of a visit's money: an attempt, a capture, a refund, an override."""

    at: datetime
    event: str = Field(examples=["PAYMENT_COMPLETED"])
    status: PaymentStatus = Field(description="Of the payment; where there is a `refund_id`, of the refund")
    payment_id: UUID
    amount: int = Field(description="Minor units")
    currency: str
    source: Literal["gateway", "desk", "admin"]
    method: PaymentMethod | None = None
    gateway_payment_id: str | None = None
    refund_id: UUID | None = None
    reason_code: str | None = None
    actor_role: str | None = Field(default=None, description="Of an override: who said so")


class PaymentSummaryView(BaseModel):
    """What has become of the money, with every fact that payments told. Null until a payment begins."""

    status: PaymentStatus
    amount: int = Field(description="Minor units")
    refunded_amount: int = Field(description="Minor units")
    currency: str
    payment_id: UUID
    method: PaymentMethod | None
    gateway: str = Field(description="`manual`: taken at the clinic's desk")
    history: list[PaymentFactView] = Field(description="By time; of very many, the most telling")


class RefundTierView(BaseModel):
    """Cancelled by the patient at least `hours_before` the start, `percent` of the price goes back."""

    hours_before: int
    percent: int


class PolicyView(BaseModel):
    """The cancellation terms, as they were when the booking was made."""

    tiers: list[RefundTierView]
    clinic_cancels_percent: int


class MoveView(BaseModel):
    """One move of an appointment from status to status; `confirmed` to `confirmed` is another time."""

    from_status: AppointmentStatus | None
    to_status: AppointmentStatus
    at: datetime


class VisitorView(BaseModel):
    """Who comes in the patient's stead."""

    family_member_id: UUID
    name: str
    relationship: Relationship


class AppointmentView(BaseModel):
    """An appointment. Instants are UTC; `time_zone` is the doctor's."""

    appointment_id: UUID
    slot_id: UUID | None = Field(
        description="The slot that it has or had; null once that time left the schedule"
    )
    doctor_id: UUID
    doctor_name: str
    specialty: str
    clinic_name: str
    place: str
    place_id: UUID | None = Field(description="Null: the doctor's usual place")
    patient_id: UUID
    status: AppointmentStatus
    consultation_type: ConsultationType
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    hold_expires_at: datetime
    secured: bool = Field(description="A payment keeps the slot: the hold does not lapse; do not pay again")
    amount: int = Field(description="The price in minor units; 0 is free")
    forfeited_amount: int = Field(
        description="Of it, what the patient's late moves to cheaper times left: back only if the clinic cancels"
    )
    currency: str
    policy: PolicyView
    payment: PaymentSummaryView | None
    revision: int = Field(description="Counts moves")
    cancelled_by: Literal["patient", "doctor", "admin", "system"] | None
    cancel_reason_code: str | None
    amount_owed_back: int | None = Field(
        description="After a cancellation or a no-show: what of the price goes back"
    )
    no_show_party: Party | None
    checked_in_at: datetime | None = Field(description="When the patient was there")
    expected_at: datetime | None = Field(description="When a doctor who is late expects to begin")
    reason_for_visit: str | None
    history: list[MoveView] = Field(description="Every move so far, the first first")
    visitor: VisitorView | None = Field(description="Null: the patient")
    waitlist_entry_id: UUID | None = Field(description="The entry of the waitlist that it was offered to")
    created_at: datetime
    updated_at: datetime


class CancellationView(BaseModel):
    """What a cancellation now would mean. `amount_owed_back` is what of the price goes back, if it was paid."""

    appointment_id: UUID
    status: AppointmentStatus
    amount: int
    amount_owed_back: int
    currency: str
    policy: PolicyView
    starts_at: datetime
    time_zone: str


class RoomView(BaseModel):
    """The way into a video room, for one person."""

    url: str = Field(description="Personal, and a password: never to be passed on")
    opens_at: datetime
    closes_at: datetime


class NewCalendarFeedView(BaseModel):
    """The feed's private address. Whoever has it reads the feed; it is never shown again."""

    address: str = Field(examples=["https://clinic.example/api/v1/calendar-feeds/Zm9v.ics"])


class CalendarFeedView(BaseModel):
    """Whether there is a feed. A calendar that reads it every hour shows in `last_read_at`."""

    exists: bool
    made_at: datetime | None = None
    last_read_at: datetime | None = None


class FamilyMemberView(BaseModel):
    """Somebody for whom the patient books."""

    family_member_id: UUID
    name: str
    relationship: Relationship
    birth_date: date | None
    created_at: datetime
    updated_at: datetime


class OfferView(BaseModel):
    """Time that is kept until `hold_expires_at`: the appointment is there to be paid or confirmed, or cancelled."""

    appointment_id: UUID
    consultation_type: ConsultationType
    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime
    amount: int = Field(description="Minor units; 0 is free")
    currency: str


class WaitlistEntryView(BaseModel):
    """Somebody's place on a doctor's waitlist, and what they wait for. `time_zone` is the doctor's."""

    waitlist_entry_id: UUID
    doctor_id: UUID
    doctor_name: str
    time_zone: str
    patient_id: UUID
    visitor: VisitorView | None = Field(description="Null: the patient")
    consultation_type: ConsultationType | None
    earliest_day: date | None
    latest_day: date | None
    from_time: str | None
    to_time: str | None
    reason_for_visit: str | None
    status: WaitlistStatus
    ahead: int | None = Field(description="How many are before you; null unless `waiting`")
    offer: OfferView | None = Field(description="Null unless `offered`")
    appointment_id: UUID | None = Field(description="What is on offer, or what was booked")
    lapses: int = Field(description="Offers that were not answered in time")
    closed_because: Literal["offers-lapsed", "days-over"] | None
    offer_seconds: int = Field(description="How long an offer stands, at most")
    policy: PolicyView
    created_at: datetime
    updated_at: datetime
