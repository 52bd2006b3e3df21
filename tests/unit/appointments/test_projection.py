from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations
from random import Random
from typing import Any, cast
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from niyat.appointments.http.shapes import PaymentSummaryView
from niyat.appointments.projection import LONGEST, Payment, with_event
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
OF_PAY_1: dict[str, Any] = {"gateway_payment_id": "pay_1"}
HALF = event(events.RefundCompleted, 5, refund_id=UUID(int=5), amount=25_000, **REASON, **OF_PAY_1)
REST = event(events.RefundCompleted, 6, refund_id=UUID(int=6), amount=25_000, **REASON, **OF_PAY_1)
PARTLY_FAILED = event(events.RefundFailed, 7, refund_id=UUID(int=5), amount=25_000, **REASON, **OF_PAY_1)
OVERRIDE: dict[str, Any] = {"actor_role": "admin", "actor_id": UUID(int=4), **REASON}
VOIDED = event(events.PaymentOverridden, 2, payment_status="failed", method=None, **OVERRIDE)
AT_DESK: dict[str, Any] = {"gateway": "manual", "method": "cash"}
RECEIVED = event(events.PaymentCompleted, 4, SECOND, order_id=None, gateway_payment_id=None, **AT_DESK)
RECEIPT = event(events.PaymentOverridden, 4, SECOND, payment_status="captured", **AT_DESK, **OVERRIDE)
REFUSED = event(events.PaymentReleased, 4, SECOND, gateway="manual", securing=1, **REASON)
ALL = (
    INITIATED,
    FAILED,
    AUTHORIZED,
    RELEASED,
    COMPLETED,
    HALF,
    REST,
    PARTLY_FAILED,
    VOIDED,
    RECEIVED,
    RECEIPT,
)
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


@given(st.lists(st.sampled_from(ALL), min_size=1, unique=True), st.randoms())
def test_any_order_of_any_events_any_number_of_times_shows_the_same(
    facts: list[events.PaymentEvent], chance: Random
) -> None:
    shuffled = facts * 2
    chance.shuffle(shuffled)
    assert fold(*shuffled) == fold(*facts)


def test_an_override_is_in_the_history_with_who_said_so_and_why() -> None:
    payment = fold(INITIATED, RECEIVED, RECEIPT)
    assert (payment["status"], payment["gateway"], payment["method"]) == ("captured", "manual", "cash")
    attempt, received, override = payment["history"]
    assert (attempt["source"], attempt["status"], attempt["amount"]) == ("gateway", "pending", 50_000)
    assert (received["source"], received["method"]) == ("desk", "cash")
    said = (override["source"], override["status"], override["actor_role"], override["reason_code"])
    assert said == ("admin", "captured", "admin", "declined")


def test_a_voided_attempt_has_failed_until_money_comes_after_all() -> None:
    assert shown(INITIATED, VOIDED)[0] == "failed"
    assert shown(VOIDED, INITIATED, AUTHORIZED, COMPLETED)[0] == "captured"


def test_a_receipt_that_was_refused_does_not_hide_the_payment_that_has_money() -> None:
    assert shown(INITIATED, AUTHORIZED, REFUSED) == ("authorized", 0, FIRST)


def test_a_refund_that_failed_after_it_was_through_has_not_gone_back() -> None:
    assert shown(INITIATED, COMPLETED, HALF, PARTLY_FAILED) == ("captured", 0, FIRST)


def test_instants_are_told_in_their_order_down_to_the_microsecond() -> None:
    later = event(events.PaymentAuthorized, 0, occurred_at=START + timedelta(microseconds=500_000))
    assert [fact["event"] for fact in fold(later, INITIATED)["history"]] == [
        "PAYMENT_INITIATED",
        "PAYMENT_AUTHORIZED",
    ]


def test_the_history_is_bounded_and_money_is_the_last_to_be_left_out() -> None:
    failures = [
        event(events.PaymentFailed, minute, gateway_payment_id=f"pay_{minute}", **REASON)
        for minute in range(LONGEST + 50)
    ]
    facts = [INITIATED, COMPLETED, HALF, *failures]
    forwards, backwards = fold(*facts), fold(*reversed(facts), *failures[:10])
    assert forwards == backwards
    assert len(forwards["history"]) == LONGEST
    assert (forwards["status"], forwards["refunded_amount"]) == ("partially-refunded", 25_000)
    kept = [fact for fact in forwards["history"] if fact["event"] == "PAYMENT_FAILED"]
    assert min(fact["at"] for fact in kept) > max(f.occurred_at for f in failures[:50]).isoformat()


def test_a_second_capture_that_goes_back_does_not_make_the_kept_one_refunded() -> None:
    other: dict[str, Any] = {"refund_id": UUID(int=9), "gateway_payment_id": "pay_2"} | REASON
    facts = (
        INITIATED,
        COMPLETED,
        event(events.RefundInitiated, 5, **other),
        event(events.RefundCompleted, 6, **other),
    )
    for order in permutations(facts):
        shown = reduce(with_event, order, cast("Payment | None", None))
        assert shown is not None
        assert (shown["status"], shown["refunded_amount"]) == ("captured", 0)
        assert len(shown["history"]) == 4


def test_what_went_back_is_shown_before_a_later_attempt_that_came_to_nothing() -> None:
    back = event(events.RefundCompleted, 3, refund_id=UUID(int=5), **REASON, **OF_PAY_1)
    for order in permutations((INITIATED, COMPLETED, back, REFUSED)):
        shown = reduce(with_event, order, cast("Payment | None", None))
        assert shown is not None
        assert (shown["payment_id"], shown["status"]) == (str(FIRST), "refunded")
