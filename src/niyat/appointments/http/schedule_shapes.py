"""What the API takes and answers of a doctor's schedule: hours, exceptions, previews, slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from niyat.appointments.commands.set_override import Override
from niyat.appointments.commands.set_week import WeekdayWindow
from niyat.appointments.commands.settle import Outcome
from niyat.appointments.commands.windows import Window
from niyat.appointments.domain import (
    AppointmentStatus,
    ConsultationType,
)
from niyat.appointments.hit import Fate, Hit
from niyat.appointments.http.doctor_shapes import AdminReasonBody, DoctorView, ReasonBody
from niyat.appointments.http.moments import LocalTime
from niyat.appointments.preview import Effect, What
from niyat.kernel.fields import Body, Day, Instant, Name


class WindowBody(Body):
    """One window of a day, in the doctor's zone."""

    start_time: LocalTime
    end_time: LocalTime
    consultation_types: list[ConsultationType] | None = Field(
        default=None, min_length=1, max_length=3, description="Else all that the doctor offers"
    )
    place_id: UUID | None = Field(default=None, description="Else the doctor's usual place")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end_time <= self.start_time:
            raise ValueError("end_time must be later than start_time; hours over midnight are two windows")
        return self


class WeekdayWindowBody(WindowBody):
    """One window of a weekday, in the doctor's zone."""

    weekday: int = Field(ge=1, le=7, description="ISO 8601: 1 is Monday")


class OutcomeBody(Body):
    """What becomes of a booking that is in the way."""

    appointment_id: UUID
    action: Literal["cancel", "move"]
    slot_id: UUID | None = Field(default=None, description="Where it moves: a free slot of the same doctor")

    @model_validator(mode="after")
    def _moves_somewhere(self) -> OutcomeBody:
        if (self.action == "move") != (self.slot_id is not None):
            raise ValueError("slot_id is for a booking that moves, and for no other")
        return self


class RemovalBody(ReasonBody):
    """`bookings`: what becomes of those that are in the way, each named once. An admin says why."""

    bookings: list[OutcomeBody] = Field(default=[], max_length=1000)

    @property
    def outcomes(self) -> list[Outcome]:
        return [Outcome(one.appointment_id, one.slot_id) for one in self.bookings]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.appointment_id for one in self.bookings}) < len(self.bookings):
            raise ValueError("bookings must name each appointment once")
        return self


class WeekBody(RemovalBody):
    """The whole week; it replaces what was set before. An admin says why."""

    doctor_id: UUID
    hours: list[WeekdayWindowBody] = Field(max_length=100)

    @property
    def windows(self) -> list[WeekdayWindow]:
        return [WeekdayWindow(**window.model_dump()) for window in self.hours]


class OverrideBody(RemovalBody):
    """One day and all its hours; none is a day off. An admin says why."""

    doctor_id: UUID
    day: Day
    hours: list[WindowBody] = Field(max_length=20)

    def override(self) -> Override:
        windows = [Window(**window.model_dump()) for window in self.hours]
        return Override(doctor_id=self.doctor_id, day=self.day, windows=windows)


class BlockBody(RemovalBody):
    """The time to take out. An admin says why."""

    doctor_id: UUID
    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> BlockBody:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        return self


class HolidayBody(AdminReasonBody):
    """A day on which the clinic is closed."""

    day: Day
    name: Name


class HolidayCalendarBody(AdminReasonBody):
    """Whose public holidays the clinic keeps."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        description="ISO 3166-1; null for no country's", examples=["IN"]
    )
    subdivision: Annotated[str, Field(pattern=r"^[A-Za-z0-9 -]{1,40}$")] | None = Field(
        default=None,
        description="The second part of ISO 3166-2; else what the whole country keeps",
        examples=["KA"],
    )

    @model_validator(mode="after")
    def _is_of_a_country(self) -> HolidayCalendarBody:
        if self.subdivision and not self.country:
            raise ValueError("subdivision needs its country")
        return self


class WindowView(BaseModel):
    """One window of a day, in the doctor's zone."""

    start_time: str
    end_time: str
    consultation_types: list[ConsultationType] | None = Field(description="Null: all that the doctor offers")
    place_id: UUID | None = Field(description="Null: the doctor's usual place")


class WeekdayWindowView(WindowView):
    """One window of a weekday, in the doctor's zone."""

    weekday: int = Field(description="ISO 8601: 1 is Monday")


class WeekView(BaseModel):
    """A doctor's weekly hours, in the doctor's zone."""

    doctor_id: UUID
    time_zone: str
    hours: list[WeekdayWindowView]


class HitView(BaseModel):
    """A booking that a change of the schedule hits. Who it is, the appointment itself says, to whom it may."""

    appointment_id: UUID
    doctor_id: UUID
    patient_id: UUID
    status: AppointmentStatus = Field(description="As it was before the change")
    consultation_type: ConsultationType
    starts_at: datetime
    ends_at: datetime
    outcome: Fate = Field(
        description="`kept`: it keeps its time; `needed`: the change is refused until you name its outcome"
    )
    amount_owed_back: int | None = Field(description="Of one that is cancelled; minor units")
    new_starts_at: datetime | None = Field(description="Of one that is moved")
    new_ends_at: datetime | None

    @classmethod
    def of(cls, hit: Hit) -> HitView:
        return cls(**hit.as_json())


class SettledView(BaseModel):
    """The bookings that the change hits, by time, and what became of each."""

    bookings: list[HitView]

    @classmethod
    def of(cls, hits: Sequence[Hit]) -> SettledView:
        return cls(bookings=[HitView.of(hit) for hit in hits])


class DoctorChangedView(DoctorView, SettledView):
    """The doctor as they are now, and the bookings of what is no longer on offer; each keeps its time."""


class WeekSetView(WeekView, SettledView):
    """The week as it is now, and the bookings outside of it."""


class BlockView(BaseModel):
    """A time that the doctor took out of the schedule."""

    block_id: UUID
    doctor_id: UUID
    starts_at: datetime
    ends_at: datetime
    reason: str


class BlockMadeView(BlockView, SettledView):
    """The block, and what became of the bookings within it."""


class OverrideView(BaseModel):
    """What one day has instead of its weekly hours; none is a day off."""

    doctor_id: UUID
    day: date
    time_zone: str
    hours: list[WindowView]
    reason: str


class OverrideSetView(OverrideView, SettledView):
    """The day as it is now, and what became of the bookings outside of its hours."""


class HolidayView(BaseModel):
    """A holiday of a clinic. Observed: it is closed, but for doctors who set hours for that day."""

    clinic_id: UUID
    day: date
    name: str
    source: Literal["national", "clinic"]
    observed: bool


class HolidayCalendarView(BaseModel):
    """Whose public holidays the clinic keeps; null for no country's."""

    clinic_id: UUID
    country: str | None
    subdivision: str | None


class SlotChangeView(BaseModel):
    """A free time that comes or goes, one that is blocked, or one whose types or place are others."""

    doctor_id: UUID
    starts_at: datetime
    ends_at: datetime
    change: What


class PreviewView(BaseModel):
    """What a change would do. The numbers are of all slots; `slots` has the first thousand, by time."""

    slots_added: int
    slots_removed: int
    slots_blocked: int
    slots_changed: int
    slots: list[SlotChangeView]
    bookings: list[HitView]

    @classmethod
    def of(cls, effect: Effect) -> PreviewView:
        count = Counter(what for _, what in effect.slots)
        return cls(
            slots_added=count["added"],
            slots_removed=count["removed"],
            slots_blocked=count["blocked"],
            slots_changed=count["changed"],
            slots=[SlotChangeView(**time._asdict(), change=what) for time, what in effect.slots[:1000]],
            bookings=[HitView.of(hit) for hit in effect.bookings],
        )


class SlotView(BaseModel):
    """A time that can be booked now. `local_start` is the same instant in the list's `time_zone`."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    local_start: str = Field(examples=["2026-03-02T09:00:00+05:30"])
    consultation_types: list[ConsultationType] = Field(description="As which it can be booked now")
    place_id: UUID | None = Field(description="Null: the doctor's usual place")
    place: str


class SlotListView(BaseModel):
    """Free times. `time_zone` is the viewer's if given, else the doctor's."""

    doctor_id: UUID
    time_zone: str
    doctor_time_zone: str
    items: list[SlotView]
    next_cursor: str | None


class FoundSlotView(SlotView):
    """A free time, and whose it is. `local_start` is in the viewer's zone if given, else in the doctor's."""

    doctor_id: UUID
    doctor_name: str
    specialty: str
    clinic_name: str
    doctor_time_zone: str
