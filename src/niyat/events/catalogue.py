"""Every event there is: one frozen class each, and the registry that turns JSON back into them.

Events carry ids, money (integer minor units and currency) and instants; never a name, phone or address. A
changed meaning is a new class with the next `version`; a class that was published is never edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from niyat.kernel.errors import NiyatError
from niyat.kernel.fields import Currency, Instant, TimeZone

APPOINTMENTS = "appointment-events"
PAYMENTS = "payment-events"


class UnknownEvent(NiyatError):
    """This type and version of event is not in the catalogue; run the version of Niyat that publishes it."""


Price: TypeAlias = Annotated[int, Field(strict=True, ge=0, description="Minor units of the currency.")]
Amount: TypeAlias = Annotated[int, Field(strict=True, gt=0, description="Minor units of the currency.")]
Code: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A code or a gateway's id: no blanks, so that no sentence about a person fits in."""

AppointmentStatus: TypeAlias = Literal[
    "reserved", "pending-payment", "confirmed", "completed", "cancelled", "expired", "no-show"
]
ConsultationType: TypeAlias = Literal["VIDEO", "AUDIO", "IN_PERSON"]
PaymentStatus: TypeAlias = Literal[
    "pending", "authorized", "captured", "failed", "partially-refunded", "refunded"
]
PaymentMethod: TypeAlias = Literal[
    "card", "upi", "netbanking", "wallet", "emi", "paylater", "bank-transfer", "cash", "other"
]


class Event(BaseModel):
    """What every event is: frozen, closed to unknown fields, with a key."""

    # What is published has every field, those with a default too.
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)

    topic: ClassVar[str]
    type: ClassVar[str]
    version: ClassVar[int]

    occurred_at: Instant

    @property
    def key(self) -> UUID:
        """The aggregate's id: events of one key keep their order."""
        raise NotImplementedError


class AppointmentEvent(Event):
    """What every event about an appointment says: which, whose, when, in which state and revision."""

    topic: ClassVar[str] = APPOINTMENTS

    appointment_id: UUID
    doctor_id: UUID
    patient_id: UUID
    revision: Annotated[int, Field(strict=True, ge=0, description="Counts moves; a calendar's SEQUENCE.")]
    status: AppointmentStatus
    starts_at: Instant
    ends_at: Instant
    time_zone: Annotated[TimeZone, Field(description="IANA name.")]
    consultation_type: ConsultationType

    @property
    def key(self) -> UUID:
        return self.appointment_id

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> AppointmentEvent:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        return self


class AppointmentReserved(AppointmentEvent):
    """A slot is held for a patient until `hold_expires_at`."""

    type: ClassVar[str] = "APPOINTMENT_RESERVED"
    version: ClassVar[int] = 1

    hold_expires_at: Instant
    amount: Price
    currency: Currency


class BookingEvent(AppointmentEvent):
    """What happened to a booking says whose day it changes, too."""

    doctor_account_id: Annotated[
        UUID | None, Field(description="The doctor's own account; null: nobody to tell")
    ] = None


class AppointmentConfirmed(BookingEvent):
    """The visit stands: it was paid by `payment_id`, or is free (`payment_id` null)."""

    type: ClassVar[str] = "APPOINTMENT_CONFIRMED"
    version: ClassVar[int] = 1

    payment_id: UUID | None
    amount: Price
    currency: Currency


class AppointmentCancelled(BookingEvent):
    """The visit will not take place; `amount_owed_back` is what of its price (`amount`) the patient gets back.

    What it cost less since it was booked went back when it moved, and is not in either.
    """

    type: ClassVar[str] = "APPOINTMENT_CANCELLED"
    version: ClassVar[int] = 1

    cancelled_by: Literal["patient", "doctor", "admin", "system"]
    reason_code: Code
    amount: Price
    amount_owed_back: Price
    currency: Currency
    payment_id: UUID | None
    was_confirmed: Annotated[bool, Field(strict=True)]


class AppointmentRescheduled(BookingEvent):
    """The same visit at another time; `revision` went up by one.

    `amount` is what it costs now, and `amount_owed_back` what it costs less than before: that goes back.
    """

    type: ClassVar[str] = "APPOINTMENT_RESCHEDULED"
    version: ClassVar[int] = 1

    previous_starts_at: Instant
    previous_ends_at: Instant
    rescheduled_by: Literal["patient", "doctor", "admin"]
    reason_code: Code
    amount: Price
    amount_owed_back: Price
    currency: Currency
    payment_id: UUID | None


class AppointmentCompleted(AppointmentEvent):
    """The visit took place: the doctor has earned what it costs now, `amount`, paid with `payment_id`."""

    type: ClassVar[str] = "APPOINTMENT_COMPLETED"
    version: ClassVar[int] = 1

    amount: Price
    currency: Currency
    payment_id: UUID | None


class AppointmentNoShow(AppointmentEvent):
    """One party did not come, or its video failed. The doctor's gives `amount_owed_back`: all that the visit cost."""

    type: ClassVar[str] = "APPOINTMENT_NO_SHOW"
    version: ClassVar[int] = 1

    party: Literal["patient", "doctor"]
    reason_code: Code
    amount: Price
    amount_owed_back: Price
    currency: Currency
    payment_id: UUID | None


class AppointmentExpired(AppointmentEvent):
    """The hold lapsed unpaid and the slot is free again."""

    type: ClassVar[str] = "APPOINTMENT_EXPIRED"
    version: ClassVar[int] = 1


class AppointmentPaymentUpdated(AppointmentEvent):
    """The appointment's projection of its payment changed; for pages that show both."""

    type: ClassVar[str] = "APPOINTMENT_PAYMENT_UPDATED"
    version: ClassVar[int] = 1

    payment_id: UUID
    payment_status: PaymentStatus


class WaitlistEvent(Event):
    """What every event about somebody's place in a doctor's line says. Its key is the entry of the waitlist."""

    topic: ClassVar[str] = APPOINTMENTS

    waitlist_entry_id: UUID
    appointment_id: UUID
    doctor_id: UUID
    patient_id: UUID

    @property
    def key(self) -> UUID:
        return self.waitlist_entry_id


class WaitlistOffered(WaitlistEvent):
    """Time that came free is kept for somebody in line until `hold_expires_at`: `appointment_id` is theirs to take."""

    type: ClassVar[str] = "WAITLIST_OFFERED"
    version: ClassVar[int] = 1

    starts_at: Instant
    ends_at: Instant
    time_zone: Annotated[TimeZone, Field(description="IANA name.")]
    consultation_type: ConsultationType
    hold_expires_at: Instant
    amount: Price
    currency: Currency


class WaitlistOfferLapsed(WaitlistEvent):
    """Nobody answered the offer in time; it passed on. Not `still_waiting`: it was the last that this entry gets."""

    type: ClassVar[str] = "WAITLIST_OFFER_LAPSED"
    version: ClassVar[int] = 1

    still_waiting: Annotated[bool, Field(strict=True)]


class PaymentEvent(Event):
    """What every event about a booking's money says. Its key is the appointment."""

    topic: ClassVar[str] = PAYMENTS

    payment_id: UUID
    appointment_id: UUID
    patient_id: UUID
    doctor_id: UUID
    amount: Amount
    currency: Currency
    gateway: Annotated[
        Literal["razorpay", "manual"], Field(description="Who holds it; `manual`: the clinic's own desk.")
    ] = "razorpay"

    @property
    def key(self) -> UUID:
        return self.appointment_id


class PaymentInitiated(PaymentEvent):
    """An order was created at the gateway and can be paid."""

    type: ClassVar[str] = "PAYMENT_INITIATED"
    version: ClassVar[int] = 1

    order_id: Code


class PaymentAuthorized(PaymentEvent):
    """The patient's bank said yes; nothing is captured yet."""

    type: ClassVar[str] = "PAYMENT_AUTHORIZED"
    version: ClassVar[int] = 1


class PaymentCompleted(PaymentEvent):
    """The money is ours: captured at the gateway, or received at the desk (then without its ids)."""

    type: ClassVar[str] = "PAYMENT_COMPLETED"
    version: ClassVar[int] = 1

    method: PaymentMethod | None
    order_id: Code | None
    gateway_payment_id: Code | None


class ReceiptIssued(PaymentEvent):
    """The receipt of money that is kept for a visit has its number; `amount` is the receipt's."""

    type: ClassVar[str] = "RECEIPT_ISSUED"
    version: ClassVar[int] = 1

    receipt_id: UUID
    receipt_number: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}/R/[0-9]{6,}$")]


class PaymentFailed(PaymentEvent):
    """One attempt to pay failed; the patient may try again. It releases nothing."""

    type: ClassVar[str] = "PAYMENT_FAILED"
    version: ClassVar[int] = 1

    reason_code: Code
    gateway_payment_id: Code


class PaymentReleased(PaymentEvent):
    """It will never be captured: refused for good, or released uncaptured. The slot need not wait.

    `securing`: the release counts for every `secure` with this number or a lower one.
    """

    type: ClassVar[str] = "PAYMENT_RELEASED"
    version: ClassVar[int] = 1

    reason_code: Code
    securing: Annotated[int, Field(strict=True, ge=0)]


class PaymentOverridden(PaymentEvent):
    """An administrator set this payment's status by hand: `captured` (a manual receipt), `failed` or `pending`."""

    type: ClassVar[str] = "PAYMENT_OVERRIDDEN"
    version: ClassVar[int] = 1

    payment_status: Literal["captured", "failed", "pending"]
    method: PaymentMethod | None
    actor_role: Literal["admin"]
    actor_id: UUID
    reason_code: Code


class RefundEvent(PaymentEvent):
    """What every event about a refund says; `amount` is the refund's, not the payment's.

    `gateway_payment_id` (null of the desk's money): a second attempt that was captured goes back beside the one kept.
    `by_hand`: a person gives it back, where the desk took it or where the gateway could not.
    """

    refund_id: UUID
    reason_code: Code
    gateway_payment_id: Code | None = None
    by_hand: Annotated[bool, Field(strict=True)] = False


class RefundInitiated(RefundEvent):
    """A refund was decided and stored; the gateway is being asked, or the desk is to hand it back."""

    type: ClassVar[str] = "REFUND_INITIATED"
    version: ClassVar[int] = 1


class RefundCompleted(RefundEvent):
    """The gateway has processed the refund, or the desk has handed it back."""

    type: ClassVar[str] = "REFUND_COMPLETED"
    version: ClassVar[int] = 1


class RefundFailed(RefundEvent):
    """The gateway refused the refund for good; staff must act."""

    type: ClassVar[str] = "REFUND_FAILED"
    version: ClassVar[int] = 1


class PayoutEvent(Event):
    """What every event about money paid out to a doctor says. Its key is the payout."""

    topic: ClassVar[str] = PAYMENTS

    payout_id: UUID
    doctor_id: UUID
    amount: Amount
    currency: Currency

    @property
    def key(self) -> UUID:
        return self.payout_id


class PayoutApproved(PayoutEvent):
    """An administrator approved it: the gateway is being asked to send it."""

    type: ClassVar[str] = "PAYOUT_APPROVED"
    version: ClassVar[int] = 1


class PayoutProcessed(PayoutEvent):
    """The doctor's bank has it; `utr` is the reference number that the banks know it by."""

    type: ClassVar[str] = "PAYOUT_PROCESSED"
    version: ClassVar[int] = 1

    utr: Code | None


class PayoutFailed(PayoutEvent):
    """It could not be sent: the doctor is owed it again, and another try is another payout."""

    type: ClassVar[str] = "PAYOUT_FAILED"
    version: ClassVar[int] = 1

    reason_code: Code


class PayoutReversed(PayoutEvent):
    """The bank sent it back, maybe days after it was processed: the doctor is owed it again."""

    type: ClassVar[str] = "PAYOUT_REVERSED"
    version: ClassVar[int] = 1

    reason_code: Code


EVENTS: tuple[type[Event], ...] = (
    AppointmentReserved,
    AppointmentConfirmed,
    AppointmentCancelled,
    AppointmentRescheduled,
    AppointmentCompleted,
    AppointmentNoShow,
    AppointmentExpired,
    AppointmentPaymentUpdated,
    WaitlistOffered,
    WaitlistOfferLapsed,
    PaymentInitiated,
    PaymentAuthorized,
    PaymentCompleted,
    ReceiptIssued,
    PaymentFailed,
    PaymentReleased,
    PaymentOverridden,
    RefundInitiated,
    RefundCompleted,
    RefundFailed,
    PayoutApproved,
    PayoutProcessed,
    PayoutFailed,
    PayoutReversed,
)

TOPICS: tuple[str, ...] = (APPOINTMENTS, PAYMENTS)

_BY_TYPE = {(e.type, e.version): e for e in EVENTS}


def parse(type: str, version: int, payload: Mapping[str, Any]) -> Event:  # noqa: A002 (the attribute's name)
    """The typed event of `payload`, an envelope's `data`.

    Raises UnknownEvent for a type and version not in the catalogue, ValidationError for wrong data.
    """
    kind = _BY_TYPE.get((type, version))
    if kind is None:
        raise UnknownEvent(f"No event {type} of version {version} is known here.", type=type, version=version)
    return kind.model_validate(payload)
