"""Whoever leaves in the middle of paying hears that the time is kept, or that the payment failed, while it is so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from niyat.events.catalogue import AppointmentReserved, PaymentFailed
from niyat.kernel.local_time import local_time
from tests.support.notifications import World
from tests.support.notifications_visits import Visit, about_money, confirmed


async def reserved(world: World, *, stands: timedelta = timedelta(minutes=5)) -> Visit:
    visit = await world.visit(time_zone="America/New_York")
    now = await world.now()
    world.appointments.change(visit.appointment_id, status="reserved", hold_expires_at=now + stands)
    fields = confirmed(visit).model_dump(exclude={"payment_id", "doctor_account_id", "status", "occurred_at"})
    event = AppointmentReserved(**fields, status="reserved", hold_expires_at=now + stands, occurred_at=now)
    await world.events(event)
    return visit


async def failed(world: World, visit: Visit, attempt: str = "pay_1") -> None:
    event = about_money(PaymentFailed, visit, reason_code="declined", gateway_payment_id=attempt)
    await world.events(event.model_copy(update={"occurred_at": await world.now()}))


async def test_a_time_that_is_kept_unpaid_is_told_after_a_moment_with_its_deadline(world: World) -> None:
    visit = await reserved(world)
    await world.deliver()
    assert await world.subjects(visit) == []  # whoever pays at once hears nothing of it
    await world.move(timedelta(minutes=1, seconds=1))
    await world.deliver()
    mail = await world.only_mail(visit)
    ends = world.appointments.known[visit.appointment_id].hold_expires_at
    assert ends
    assert local_time(ends, "America/New_York") in mail["text"]
    assert f"https://clinic.example/my/appointments/{visit.appointment_id}" in mail["text"]


@pytest.mark.parametrize(
    "change",
    [{"status": "confirmed"}, {"status": "expired"}, {"status": "cancelled"}, {"secured_by": uuid4()}],
)
async def test_nobody_who_paid_or_let_go_is_asked_to_pay(world: World, change: dict[str, Any]) -> None:
    visit = await reserved(world)
    await failed(world, visit)
    world.appointments.change(visit.appointment_id, **change)
    await world.move(timedelta(minutes=1, seconds=1))
    await world.deliver()
    assert await world.states(visit) == {
        "APPOINTMENT_RESERVED": ["suppressed"],
        "PAYMENT_FAILED": ["suppressed"],
    }


async def test_a_failed_payment_is_told_once_with_a_way_to_try_again(world: World) -> None:
    visit = await reserved(world)
    await failed(world, visit)
    await failed(world, visit, "pay_2")
    await world.move(timedelta(minutes=1, seconds=1))
    await world.deliver()
    mail = await world.only_mail(visit)  # and not also that the time is kept
    assert mail["subject"].startswith("Your payment did not go through")
    assert f"https://clinic.example/my/appointments/{visit.appointment_id}" in mail["html"]
    assert "₹500.00" in mail["text"]


async def test_a_hold_about_to_end_is_not_told(world: World) -> None:
    visit = await reserved(world, stands=timedelta(minutes=2))
    assert await world.queue(visit) == []
