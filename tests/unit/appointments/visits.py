"""A visit as a value, for tests of rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from niyat.appointments.domain import Appointment, AppointmentStatus
from niyat.appointments.refund_policy import RefundPolicy
from niyat.kernel.money import Money

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PRICE = Money(50_000, "INR")


def visit(status: AppointmentStatus, **more: Any) -> Appointment:
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
        forfeited_amount=0,
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
        waitlist_entry_id=None,
        expected_at=None,
        now=NOW,
    )
    return replace(plain, **more)
