from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from niyat.appointments.http.shapes import PaymentSummaryView
from niyat.appointments.projection import Payment, with_event
from niyat.events import catalogue as events

START = datetime(2030, 1, 1, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)
REASON: dict[str, Any] = {"reason_code": "declined"}
GATEWAY: dict[str, Any] = {"method": "upi", "order_id": "order_1", "gateway_payment_id": "pay_1"}


def event(
    kind: type[events.PaymentEvent], minute: int, payment: UUID = FIRST, **more: Any
) -> events.PaymentEvent:
    facts = {
        "occurred_at": START + timedelta(minutes=minute),
        "payment_id": payment,
        "appointment_id": UUID(int=9),
        "patient_id": UUID(int=8),
        "doctor_id": UUID(int=7),
        "amount": 50_000,
        "currency": "INR",
    }
    return kind(**facts | more)


INITIATED = event(events.PaymentInitiated, 0, order_id="order_1")
FAILED = event(events.PaymentFailed, 1, gateway_payment_id="pay_0", **REASON)
AUTHORIZED = event(events.PaymentAuthorized, 2)
RELEASED = event(events.PaymentReleased, 3, securing=1, **REASON)
COMPLETED = event(events.PaymentCompleted, 3, **GATEWAY)
HALF = event(events.RefundCompleted, 5, refund_id=UUID(int=5), amount=25_000, **REASON)
REST = event(events.RefundCompleted, 6, refund_id=UUID(int=6), amount=25_000, **REASON)
OTHER = event(events.PaymentInitiated, 1, SECOND, order_id="order_2")
OTHER_PAID = event(events.PaymentCompleted, 4, SECOND, **GATEWAY)


def fold(*facts: events.PaymentEvent) -> Payment:
    payment: Payment | None = reduce(with_event, facts, None)
    assert payment is not None
    PaymentSummaryView.model_validate(payment)
    return payment


def shown(*facts: events.PaymentEvent) -> tuple[str, int, UUID]:
    payment = fold(*facts)
    return payment["status"], payment["refunded_amount"], UUID(payment["payment_id"])


def test_a_failed_attempt_may_still_be_paid() -> None:
    assert shown(INITIATED, FAILED) == ("failed", 0, FIRST)
    assert shown(INITIATED, FAILED, AUTHORIZED) == ("authorized", 0, FIRST)
    assert shown(INITIATED, FAILED, AUTHORIZED, COMPLETED) == ("captured", 0, FIRST)


def test_a_released_payment_has_failed() -> None:
    assert shown(INITIATED, AUTHORIZED, RELEASED) == ("failed", 0, FIRST)


def test_refunds_add_up() -> None:
    assert shown(INITIATED, COMPLETED, HALF) == ("partially-refunded", 25_000, FIRST)
    assert shown(INITIATED, COMPLETED, HALF, HALF, REST) == ("refunded", 50_000, FIRST)


def test_of_two_payments_the_one_that_holds_money_is_shown() -> None:
    assert shown(INITIATED, COMPLETED, OTHER)[2] == FIRST
    assert shown(INITIATED, RELEASED, OTHER)[2] == SECOND
    assert shown(INITIATED, COMPLETED, HALF, REST, OTHER, OTHER_PAID)[2] == SECOND


def test_the_method_is_as_the_gateway_said() -> None:
    assert fold(INITIATED)["method"] is None
    assert fold(INITIATED, COMPLETED)["method"] == "upi"


def test_the_order_in_which_events_come_does_not_matter() -> None:
    facts = (INITIATED, AUTHORIZED, COMPLETED, HALF, OTHER)
    assert all(fold(*order) == fold(*facts) for order in permutations(facts))


@given(
    st.lists(
        st.sampled_from((INITIATED, FAILED, AUTHORIZED, RELEASED, COMPLETED, HALF, REST, OTHER)), min_size=1
    )
)
def test_each_fact_counts_once(facts: list[events.PaymentEvent]) -> None:
    once = fold(*facts)
    assert fold(*facts, *facts) == once
    assert len(once["history"]) == len(set(facts))
