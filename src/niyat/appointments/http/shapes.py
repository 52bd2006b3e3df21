"""What the API takes and answers. An appointment's own shape is made in SQL (`appointment_json`); a test compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from niyat.appointments.commands.offer import Consultation
from niyat.appointments.commands.set_override import Override
from niyat.appointments.commands.set_week import Hours
from niyat.appointments.commands.settle import Outcome
from niyat.appointments.commands.update_doctor import DoctorChange
from niyat.appointments.commands.windows import Window
from niyat.appointments.domain import (
    AppointmentStatus,
    Captured,
    ConsultationType,
    Party,
    Relationship,
    Secured,
)
from niyat.appointments.hit import Fate, Hit
from niyat.appointments.http.moments import Day, LocalTime
from niyat.appointments.preview import Effect, What
from niyat.appointments.waitlist import WaitlistStatus
from niyat.events.catalogue import PaymentMethod, PaymentStatus
from niyat.kernel.fields import Body, Currency, Instant, Name, Reason, ReasonCode, Short, Text, TimeZone
from niyat.kernel.money import MinorUnits

PREVIEWED = "preview"


class ReasonBody(Body):
    """An admin says why, but for a preview."""

    reason: Reason | None = None

    @property
    def why(self) -> str:
        """A reason for what is only previewed: it is kept nowhere."""
        return self.reason or PREVIEWED


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


class ClinicBody(Body):
    """A clinic."""

    name: Name
    address: Text = ""
    reason: Reason


class PlaceBody(Body):
    """Where the clinic's doctors see patients besides their usual place."""

    name: Name
    address: Text = ""
    reason: Reason


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


class HoursBody(WindowBody):
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
    hours: list[HoursBody] = Field(max_length=100)

    @property
    def windows(self) -> list[Hours]:
        return [Hours(**window.model_dump()) for window in self.hours]


class OverrideBody(RemovalBody):
    """One day and all its windows; none is a day off. An admin says why."""

    doctor_id: UUID
    day: Day
    windows: list[WindowBody] = Field(max_length=20)

    def override(self) -> Override:
        windows = [Window(**window.model_dump()) for window in self.windows]
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


class AdminReasonBody(Body):
    """Why."""

    reason: Reason


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


class ClinicView(BaseModel):
    """A clinic."""

    clinic_id: UUID
    name: str
    address: str


class PlaceView(BaseModel):
    """Where the clinic's doctors see patients besides their usual place."""

    place_id: UUID
    clinic_id: UUID
    name: str
    address: str


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


class HoursView(BaseModel):
    """One window of a weekday, in the doctor's zone."""

    weekday: int = Field(description="ISO 8601: 1 is Monday")
    start_time: str
    end_time: str
    consultation_types: list[ConsultationType] | None = Field(description="Null: all that the doctor offers")
    place_id: UUID | None = Field(description="Null: the doctor's usual place")


class WeekView(BaseModel):
    """A doctor's weekly hours, in the doctor's zone."""

    doctor_id: UUID
    time_zone: str
    hours: list[HoursView]


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


class WindowView(BaseModel):
    """One window of a day, in the doctor's zone."""

    start_time: str
    end_time: str
    consultation_types: list[ConsultationType] | None = Field(description="Null: all that the doctor offers")
    place_id: UUID | None = Field(description="Null: the doctor's usual place")


class OverrideView(BaseModel):
    """What one day has instead of its weekly hours; no window is a day off."""

    doctor_id: UUID
    day: date
    time_zone: str
    windows: list[WindowView]
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
