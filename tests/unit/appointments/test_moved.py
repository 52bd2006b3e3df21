"""What a move does to a visit's price and terms, for every price, time and policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.appointments.domain import (
    Appointment,
    AppointmentStatus,
    Captured,
    NewTime,
    captured,
    moved,
    refuse_unless_movable,
    what_goes_back,
)
from niyat.appointments.errors import DearerTime
from niyat.appointments.refund_policy import RefundPolicy, Tier
from niyat.kernel.errors import NiyatError
from niyat.kernel.money import Money
from tests.unit.appointments.visits import NOW, visit

S = AppointmentStatus
PAID_BY = UUID(int=1)

policies = st.builds(
    RefundPolicy, st.lists(st.builds(Tier, st.integers(0, 500), st.integers(0, 100)), max_size=4).map(tuple)
)
amounts = st.integers(0, 10**7)
aheads = st.timedeltas(timedelta(minutes=1), timedelta(days=40))


@st.composite
def paid_visits(draw: st.DrawFn) -> Appointment:
    price = draw(amounts)
    return visit(
        S.CONFIRMED,
        quoted_amount=price,
        price_amount=price,
        policy=draw(policies).as_json(),
        starts_at=NOW + draw(aheads),
        secured_by=PAID_BY,
    )


def new_time(price: int, ahead: timedelta) -> NewTime:
    starts_at = NOW + ahead
    ends_at = starts_at + timedelta(minutes=30)
    return NewTime(
        slot_id=UUID(int=99),
        starts_at=starts_at,
        ends_at=ends_at,
        busy_from=starts_at,
        busy_until=ends_at,
        place_id=None,
        time_zone="Asia/Kolkata",
        consultation_type="VIDEO",
        price=Money(price, "INR"),
    )


@given(paid_visits(), st.lists(st.tuples(amounts, aheads, st.booleans()), min_size=1, max_size=5))
def test_however_it_moves_what_is_kept_and_what_goes_back_are_what_was_paid(
    before: Appointment, moves: list[tuple[int, timedelta, bool]]
) -> None:
    now, back = before, 0
    for price, ahead, by_patient in moves:
        costs = now.price_of_its_time.amount
        if by_patient and price > costs:
            with pytest.raises(DearerTime) as refused:
                moved(now, new_time(price, ahead), by_patient=True)
            assert refused.value.extra["amount"] == price - costs
            continue
        after = moved(now, new_time(price, ahead), by_patient=by_patient)
        assert after.revision == now.revision + 1
        assert after.price_of_its_time.amount == min(price, costs)
        if not by_patient:
            assert after.forfeited_amount == now.forfeited_amount
        back += now.price_amount - after.price_amount
        now = after
    assert back + now.price_amount == now.quoted_amount == before.quoted_amount
    assert captured(now, PAID_BY, before.price).outcome is Captured.CONFIRMED
    owed = what_goes_back(now, "doctor")
    ended = replace(now, status=S.CANCELLED, amount_owed_back=owed.amount)
    assert (
        captured(ended, PAID_BY, before.price).amount_owed_back == back + owed.amount == before.quoted_amount
    )


@given(paid_visits(), aheads, aheads)
def test_a_patient_never_wins_better_terms_by_moving_and_the_clinics_move_never_takes_any(
    before: Appointment, first: timedelta, second: timedelta
) -> None:
    price = before.price_amount
    at_once = what_goes_back(before, "patient").amount
    after = moved(
        moved(before, new_time(price, first), by_patient=True), new_time(price, second), by_patient=True
    )
    assert what_goes_back(after, "patient").amount <= at_once
    by_clinic = moved(before, new_time(price, first), by_patient=False)
    assert what_goes_back(by_clinic, "patient").amount >= at_once
    assert (
        what_goes_back(replace(by_clinic, now=by_clinic.starts_at - timedelta(seconds=1)), "patient").amount
        >= at_once
    )


@given(paid_visits(), st.lists(st.tuples(amounts, aheads), min_size=1, max_size=4))
def test_a_patient_gets_no_more_back_by_cheaper_times_than_by_cancelling_at_once(
    before: Appointment, moves: list[tuple[int, timedelta]]
) -> None:
    now = before
    for price, ahead in moves:
        now = moved(now, new_time(min(price, now.price_of_its_time.amount), ahead), by_patient=True)
    back = before.price_amount - now.price_amount + what_goes_back(now, "patient").amount
    assert back <= what_goes_back(before, "patient").amount + len(moves)  # each is rounded to a minor unit
    assert (
        before.price_amount - now.price_amount + what_goes_back(now, "doctor").amount == before.price_amount
    )


@given(st.sampled_from(S), st.sampled_from((timedelta(0), timedelta(days=2))))
def test_only_what_is_confirmed_and_ahead_moves(status: S, later: timedelta) -> None:
    appointment = visit(status, now=NOW + later)
    if status is S.CONFIRMED and not later:
        refuse_unless_movable(appointment)
    else:
        with pytest.raises(NiyatError):
            refuse_unless_movable(appointment)
