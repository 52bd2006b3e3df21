"""What a payment finds at an appointment, in every status of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.appointments.domain import (
    BOOKED,
    LIVE,
    Appointment,
    AppointmentStatus,
    Captured,
    Secured,
    captured,
    payment_refusal,
    secured,
    what_goes_back,
)
from niyat.appointments.errors import AlreadyStarted
from niyat.appointments.refund_policy import RefundPolicy
from niyat.kernel.money import Money

S = AppointmentStatus
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PRICE = Money(50_000, "INR")
FIRST, SECOND = UUID(int=1), UUID(int=2)


def visit(status: S, **more: Any) -> Appointment:
    """A visit of tomorrow, held for five minutes more."""
    plain = Appointment(
        id=UUID(int=10),
        doctor_id=UUID(int=11),
        doctor_account_id=UUID(int=12),
        patient_id=UUID(int=13),
        slot_id=UUID(int=14),
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=1, minutes=30),
        busy_from=NOW + timedelta(days=1),
        busy_until=NOW + timedelta(days=1, minutes=30),
        time_zone="Asia/Kolkata",
        consultation_type="VIDEO",
        place_id=None,
        status=status,
        hold_expires_at=NOW + timedelta(minutes=5),
        secured_by=None,
        secured_at=None,
        quoted_amount=PRICE.amount,
        price_amount=PRICE.amount,
        currency=PRICE.currency,
        policy=RefundPolicy().as_json(),
        payment=None,
        revision=0,
        sequence=1,
        cancelled_by=None,
        cancel_reason_code=None,
        amount_owed_back=None,
        no_show_party=None,
        checked_in_at=None,
        now=NOW,
    )
    return replace(plain, **more)


visits = st.builds(
    visit,
    st.sampled_from(S),
    secured_by=st.sampled_from((None, FIRST, SECOND)),
    now=st.sampled_from((NOW, NOW + timedelta(hours=1), NOW + timedelta(days=2))),
    amount_owed_back=st.integers(0, PRICE.amount),
)
payments = st.builds(Money, st.sampled_from((PRICE.amount, PRICE.amount - 1)), st.just("INR"))


@given(visits, payments)
def test_captured_money_confirms_what_it_secured_or_goes_back(appointment: Appointment, paid: Money) -> None:
    found = captured(appointment, FIRST, paid)
    confirms = appointment.secured_by == FIRST and paid == PRICE and appointment.status is not S.CANCELLED
    assert (found.outcome is Captured.CONFIRMED) is confirms
    if confirms:
        assert found.amount_owed_back == 0
    elif appointment.status is S.CANCELLED and appointment.secured_by == FIRST and paid == PRICE:
        assert found.amount_owed_back == appointment.amount_owed_back
    else:
        assert found.amount_owed_back == paid.amount


@given(visits, payments)
def test_a_slot_is_tried_for_only_at_its_price_and_while_nobody_has_secured_it(
    appointment: Appointment, paid: Money
) -> None:
    wish = secured(appointment, FIRST, paid)
    if wish is None:
        assert paid == PRICE
        assert appointment.secured_by is None
        assert appointment.status is not S.CANCELLED
    if wish is Secured.SECURED:
        assert appointment.secured_by == FIRST


@given(visits)
def test_a_payment_begins_only_on_a_hold_that_is_on(appointment: Appointment) -> None:
    if payment_refusal(appointment) is None:
        assert appointment.status in (S.RESERVED, S.PENDING_PAYMENT)
        assert appointment.hold_is_on
        assert appointment.secured_by is None


def test_a_patient_cancels_until_the_start_and_the_clinic_after_it_too() -> None:
    begun = visit(S.CONFIRMED, secured_by=FIRST, now=NOW + timedelta(days=1))
    with pytest.raises(AlreadyStarted):
        what_goes_back(begun, "patient")
    assert what_goes_back(begun, "doctor") == what_goes_back(begun, "admin") == PRICE


def test_what_is_booked_was_live_once() -> None:
    assert {S.CONFIRMED} == BOOKED & LIVE
