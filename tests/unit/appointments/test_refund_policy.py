from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.appointments.domain import AppointmentStatus, owed_back
from niyat.appointments.refund_policy import RefundPolicy, Tier
from niyat.appointments.settings import AppointmentsSettings
from niyat.kernel.money import Money

S = AppointmentStatus
DEFAULT = RefundPolicy()
UNCONFIRMED = (S.RESERVED, S.PENDING_PAYMENT)

aheads = st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=60))
amounts = st.integers(min_value=0, max_value=10**9)
policies = st.builds(
    RefundPolicy,
    st.lists(st.builds(Tier, st.integers(0, 500), st.integers(0, 100)), max_size=5).map(tuple),
    st.integers(0, 100),
)


def back(amount: int, ahead: timedelta, *, by_patient: bool = True, status: S = S.CONFIRMED) -> int:
    return owed_back(Money(amount, "INR"), DEFAULT, status, ahead=ahead, by_patient=by_patient).amount


@pytest.mark.parametrize(
    ("ahead", "amount"),
    [
        (timedelta(hours=24), 50_001),
        (timedelta(hours=24) - timedelta(microseconds=1), 25_001),
        (timedelta(hours=4), 25_001),
        (timedelta(hours=4) - timedelta(microseconds=1), 0),
        (timedelta(hours=-1), 0),
    ],
)
def test_a_patient_gets_back_by_tiers_rounded_half_up_to_the_paisa(ahead: timedelta, amount: int) -> None:
    assert back(50_001, ahead) == amount


@given(amounts, aheads)
def test_the_clinics_own_cancellation_gives_everything_back(amount: int, ahead: timedelta) -> None:
    assert back(amount, ahead, by_patient=False) == amount


@given(amounts, aheads, st.booleans(), st.sampled_from(UNCONFIRMED))
def test_what_was_never_confirmed_gives_everything_back(
    amount: int, ahead: timedelta, by_patient: bool, status: S
) -> None:
    assert back(amount, ahead, by_patient=by_patient, status=status) == amount


@given(policies, amounts, aheads, st.booleans())
def test_never_more_than_the_price_goes_back_and_never_less_than_nothing(
    policy: RefundPolicy, amount: int, ahead: timedelta, by_patient: bool
) -> None:
    owed = owed_back(Money(amount, "INR"), policy, S.CONFIRMED, ahead=ahead, by_patient=by_patient)
    assert 0 <= owed.amount <= amount


@given(policies)
def test_a_policy_survives_its_snapshot(policy: RefundPolicy) -> None:
    assert RefundPolicy.from_json(policy.as_json()) == policy


def test_the_settings_default_to_the_stated_policy() -> None:
    assert AppointmentsSettings().policy == DEFAULT
