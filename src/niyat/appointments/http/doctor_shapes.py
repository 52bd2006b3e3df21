"""What the API takes and answers of doctors and what they offer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from niyat.appointments.commands.offer import Consultation
from niyat.appointments.commands.update_doctor import DoctorChange
from niyat.appointments.domain import (
    ConsultationType,
)
from niyat.kernel.fields import Body, Currency, Name, Reason, Short, Text, TimeZone
from niyat.kernel.money import MinorUnits

PREVIEWED = "preview"


class ReasonBody(Body):
    """An admin says why, but for a preview."""

    reason: Reason | None = None

    @property
    def why(self) -> str:
        """A reason for what is only previewed: it is kept nowhere."""
        return self.reason or PREVIEWED


FeeAmount: TypeAlias = Annotated[MinorUnits, Field(description="Minor units; 0 is free")]
SlotMinutes: TypeAlias = Annotated[int, Field(ge=5, le=480)]
BufferMinutes: TypeAlias = Annotated[int, Field(ge=0, le=240)]
NoticeMinutes: TypeAlias = Annotated[int, Field(ge=0, le=43200)]
AdvanceDays: TypeAlias = Annotated[int, Field(ge=1, le=366)]


class ConsultationBody(Body):
    """How one type differs; what is left out is as for the doctor's other types."""

    consultation_type: ConsultationType
    fee_amount: FeeAmount | None = None
    slot_minutes: SlotMinutes | None = None
    buffer_before_minutes: BufferMinutes | None = None
    buffer_after_minutes: BufferMinutes | None = None
    minimum_notice_minutes: NoticeMinutes | None = None
    maximum_advance_days: AdvanceDays | None = None


class OfferedBody(Body):
    """One type on offer, in full."""

    consultation_type: ConsultationType
    fee_amount: FeeAmount
    slot_minutes: SlotMinutes = 30
    buffer_before_minutes: BufferMinutes = 0
    buffer_after_minutes: BufferMinutes = 0
    minimum_notice_minutes: NoticeMinutes = 0
    maximum_advance_days: AdvanceDays = 30


class DoctorBody(Body):
    """A doctor, and how their time is cut."""

    account_id: UUID = Field(description="The account with which the doctor signs in")
    clinic_id: UUID
    name: Name
    specialty: Short
    languages: list[Short] = Field(default=[], max_length=20)
    registration_number: Text = ""
    bio: Text = ""
    place: Text = Field(default="", description="Room or address of visits in person; else the clinic's")
    fee_amount: FeeAmount
    currency: Currency = "INR"
    time_zone: TimeZone
    slot_minutes: SlotMinutes = 30
    buffer_before_minutes: BufferMinutes = 0
    buffer_after_minutes: BufferMinutes = 0
    minimum_notice_minutes: NoticeMinutes = 0
    maximum_advance_days: AdvanceDays = 30
    consultation_types: list[ConsultationType] = Field(min_length=1, max_length=3)
    consultations: list[ConsultationBody] = Field(
        default=[], max_length=3, description="The types that differ from the fields above"
    )
    reason: Reason

    @model_validator(mode="after")
    def _only_what_is_offered_differs(self) -> DoctorBody:
        differing = [one.consultation_type for one in self.consultations]
        if len(set(differing)) < len(differing) or not set(differing) <= set(self.consultation_types):
            raise ValueError("consultations must name types of consultation_types, each once")
        return self

    def offer(self) -> list[dict[str, Any]]:
        """Every type in full."""
        rules = ("fee_amount", "slot_minutes", "buffer_before_minutes", "buffer_after_minutes",
                 "minimum_notice_minutes", "maximum_advance_days")  # fmt: skip
        usual = self.model_dump(include=set(rules))
        differing = {one.consultation_type: one.model_dump(exclude_none=True) for one in self.consultations}
        return [
            usual | {"consultation_type": kind} | differing.get(kind, {})
            for kind in dict.fromkeys(self.consultation_types)
        ]


class DoctorChangeBody(ReasonBody):
    """What is to become different; what is left out stays. An admin says why."""

    name: Name | None = None
    specialty: Short | None = None
    languages: list[Short] | None = Field(default=None, max_length=20)
    registration_number: Text | None = None
    bio: Text | None = None
    place: Text | None = None
    active: bool | None = Field(default=None, description="False: listed no more; what is booked stays")
    consultations: list[OfferedBody] | None = Field(
        default=None, min_length=1, max_length=3, description="All that the doctor offers from now on"
    )

    @model_validator(mode="after")
    def _each_type_once(self) -> DoctorChangeBody:
        types = [one.consultation_type for one in self.consultations or ()]
        if len(set(types)) < len(types):
            raise ValueError("consultations must name each type once")
        return self

    def change(self) -> DoctorChange:
        offer = self.consultations
        return DoctorChange(
            offer=None if offer is None else [Consultation(**one.model_dump()) for one in offer],
            **self.model_dump(exclude={"consultations", "reason"}),
        )


class AdminReasonBody(Body):
    """Why."""

    reason: Reason


class ConsultationView(BaseModel):
    """One type that a doctor offers."""

    consultation_type: ConsultationType
    fee_amount: int = Field(description="Minor units; 0 is free")
    slot_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    minimum_notice_minutes: int
    maximum_advance_days: int


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
    place: str = Field(description="The usual one; a free time names its own")
    consultations: list[ConsultationView]
    consultation_types: list[ConsultationType]
    fee_amount: int = Field(description="The lowest of any type, in minor units; 0 is free")
    currency: str
    time_zone: str
    slot_minutes: int = Field(description="The shortest of any type")
    minimum_notice_minutes: int = Field(description="The least of any type")
    maximum_advance_days: int = Field(description="The most of any type")
    active: bool
    first_free_at: datetime | None


class ChoicesView(BaseModel):
    """What doctors can be searched by."""

    specialties: list[str]
    languages: list[str] = Field(description="ISO 639 codes")
