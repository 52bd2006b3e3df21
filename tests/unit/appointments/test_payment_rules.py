"""What a payment finds at an appointment, in every status of it."""

from __future__ import annotations

from datetime import timedelta
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
from niyat.kernel.money import Money
from tests.unit.appointments.visits import NOW, PRICE, visit

S = AppointmentStatus
FIRST, SECOND = UUID(int=1), UUID(int=2)


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
