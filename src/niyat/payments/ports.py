"""The outside world of payments: the gateway, and appointments. Every answer of the gateway is one of three:
what was asked for, `Refused` (it said no, clearly), or `Unknown` (anything else; it may have happened).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

from niyat.payments.domain import AttemptStatus, RefundStatus, Secured
from niyat.payments.payouts import PayoutFact
from niyat.payments.records import DisputeFact, DowntimeFact


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway refused, and nothing happened. `reason` is its own word; `description` is for our staff."""

    code: str
    reason: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No clear answer: it may have happened or not. Ask; never guess."""

    why: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the gateway has it."""

    order_id: str
    amount: int
    currency: str
    receipt: str | None
    status: str


@dataclass(frozen=True, slots=True)
class AttemptFact:
    """What the gateway says of one attempt at one moment. `captured`: the money is, or was, taken.

    `error_description` is written for whoever tried to pay; it comes from outside and may be in any language.
    """

    gateway_payment_id: str
    order_id: str | None
    status: AttemptStatus
    amount: int
    currency: str
    captured: bool
    method: str | None = None
    fee: int | None = None
    tax: int | None = None
    error_code: str | None = None
    error_reason: str | None = None
    error_description: str | None = None
    amount_refunded: int = 0


@dataclass(frozen=True, slots=True)
class RefundFact:
    """What the gateway says of one refund. `our_refund_id` is what we wrote into it, if it was ours."""

    gateway_refund_id: str
    gateway_payment_id: str
    amount: int
    currency: str
    status: RefundStatus
    our_refund_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """What an event of the gateway says that we act on; nothing when we do not."""

    attempt: AttemptFact | None = None
    refund: RefundFact | None = None
    payout: PayoutFact | None = None
    dispute: DisputeFact | None = None
    downtime: DowntimeFact | None = None


T = TypeVar("T")
Answer: TypeAlias = T | Refused | Unknown


class Breaker(Protocol):
    """Whether a gateway is asked at all. While it does not answer, calls are Unknown at once and are not made."""

    @property
    def rest_seconds(self) -> float:
        """How long no call is made from now on, as far as is known; 0: calls are made."""
        ...

    def at_once(self, most: int) -> int:
        """How many calls may begin now: `most`, one to try a gateway that did not answer, or none."""
        ...


class PaymentGateway(Protocol):
    """A card and UPI gateway with orders, attempts, manual capture and refunds. No method raises for its answer."""

    @property
    def breaker(self) -> Breaker: ...

    async def create_order(
        self, payment_id: UUID, amount: int, currency: str, notes: dict[str, str]
    ) -> Answer[Order]:
        """An order whose receipt is `payment_id`."""
        ...

    async def find_orders_by_receipt(self, payment_id: UUID) -> Answer[Sequence[Order]]: ...

    async def order_payments(self, order_id: str) -> Answer[Sequence[AttemptFact]]: ...

    async def fetch_payment(self, gateway_payment_id: str) -> Answer[AttemptFact]: ...

    async def capture(self, gateway_payment_id: str, amount: int, currency: str) -> Answer[AttemptFact]: ...

    async def refund(
        self, refund_id: UUID, gateway_payment_id: str, amount: int, *, instantly: bool = False
    ) -> Answer[RefundFact]:
        """Give `amount` back. The same `refund_id` always means the same refund, however often it is sent.

        `instantly`: at once if possible, which costs a fee; of a payment older than six months nothing else is.
        """
        ...

    async def fetch_refund(self, gateway_refund_id: str) -> Answer[RefundFact]: ...

    async def refunds_of(self, gateway_payment_id: str) -> Answer[Sequence[RefundFact]]: ...

    def read_webhook(self, envelope: dict[str, Any]) -> WebhookFacts:
        """The facts of an event whose signature was checked. Raises ValueError when it is malformed."""
        ...


@dataclass(frozen=True, slots=True)
class Quote:
    """What appointments wants to be paid for a visit, and until when."""

    appointment_id: UUID
    doctor_id: UUID
    patient_id: UUID
    amount: int
    currency: str
    policy: dict[str, Any]
    hold_expires_at: datetime | None
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Visit:
    """What was paid for, as a receipt names it. `registration_number`: the doctor's, with their medical council."""

    doctor_name: str
    registration_number: str
    clinic_name: str
    clinic_address: str
    consultation_type: str
    starts_at: datetime
    time_zone: str

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a receipt."""
        return asdict(self) | {"starts_at": self.starts_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Appointments' word on captured money: confirmed, or what of it goes back."""

    outcome: Secured
    amount_owed_back: int


class Appointments(Protocol):
    """Who decides about time. Every call is idempotent; raises ServiceUnavailable when the answer is unknown."""

    async def payment_started(self, appointment_id: UUID, account_id: UUID) -> Quote:
        """The price, for the account whose visit it is. Raises what `commands/initiate.py` lists."""
        ...

    async def quote(self, appointment_id: UUID) -> Quote:
        """The price as it stands, whatever became of the visit. Raises AppointmentNotFound."""
        ...

    async def visit(self, appointment_id: UUID) -> Visit:
        """Who is seen, where and when, as it stands. Raises AppointmentNotFound."""
        ...

    async def doctor_account(self, doctor_id: UUID) -> UUID:
        """With which account a doctor signs in. Raises DoctorNotFound."""
        ...

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
        """`securing`: the case's number; one that a release has overtaken is answered `busy`."""
        ...

    async def payment_captured(
        self, appointment_id: UUID, payment_id: UUID, amount: int, currency: str
    ) -> Verdict: ...
