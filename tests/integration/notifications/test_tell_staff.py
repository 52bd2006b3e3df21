"""What staff must act on reaches each administrator once, as soon as somebody can say who they are."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from niyat.events.catalogue import PayoutProcessed, PayoutReversed, RefundFailed
from niyat.kernel.errors import ServiceUnavailable
from niyat.notifications.commands.tell_staff import queue_staff_messages
from niyat.notifications.ports import Account
from tests.support.notifications import World
from tests.support.notifications_visits import about_money


async def administrators(world: World, many: int) -> list[str]:
    """Their mail addresses."""
    found = []
    for _ in range(many):
        account_id, email = uuid4(), f"{uuid4().hex}@staff.example"
        world.accounts.known[account_id] = Account(account_id=account_id, email=email)
        world.accounts.admins.append(account_id)
        found.append(email)
    return found


async def refund_failed(world: World) -> RefundFailed:
    visit = await world.visit()
    event = about_money(RefundFailed, visit, refund_id=uuid4(), reason_code="bank-closed")
    await world.events(event)
    return event


async def test_a_failed_refund_alerts_every_administrator_once(world: World) -> None:
    staff = await administrators(world, 2)
    event = await refund_failed(world)
    await world.events(event)  # published twice
    for _ in range(2):
        await queue_staff_messages(world.parts)
        await world.deliver()
    for email in staff:
        (mail,) = await world.sandbox.mails(email)
        assert mail["subject"] == "A refund of ₹500.00 failed"
        assert str(event.refund_id) in mail["text"]
        assert "Asha" not in mail["text"]


async def test_an_alert_waits_until_somebody_says_who_the_administrators_are(world: World) -> None:
    await refund_failed(world)
    (email,) = await administrators(world, 1)
    known = world.accounts.administrators

    async def silent() -> list[object]:
        raise ServiceUnavailable

    world.accounts.administrators = silent  # type: ignore[assignment,method-assign]
    assert await queue_staff_messages(world.parts) == 0
    world.accounts.administrators = known  # type: ignore[method-assign]
    assert await queue_staff_messages(world.parts) == 1
    await world.deliver()
    assert len(await world.sandbox.mails(email)) == 1


async def test_a_clinic_without_administrators_keeps_nothing_waiting(world: World) -> None:
    await refund_failed(world)
    assert await queue_staff_messages(world.parts) == 1
    assert await world.queue(type="ADMIN_ALERT") == []


async def test_a_doctor_hears_of_a_payout_and_staff_of_one_that_came_back(world: World) -> None:
    doctor_id, account_id, email = uuid4(), uuid4(), f"{uuid4().hex}@doctor.example"
    world.appointments.doctors[doctor_id] = account_id
    world.accounts.known[account_id] = Account(account_id=account_id, email=email)
    (staff,) = await administrators(world, 1)
    payout = {
        "payout_id": uuid4(),
        "doctor_id": doctor_id,
        "amount": 1_250_000,
        "currency": "INR",
        "occurred_at": await world.now(),
    }
    await world.events(PayoutProcessed(**payout, utr="HDFC0001"))
    await world.events(PayoutReversed(**payout, reason_code="account-closed"))
    await queue_staff_messages(world.parts)
    await world.deliver()
    (told,) = await world.sandbox.mails(email)
    assert told["subject"] == "Paid out: ₹12,500.00"
    assert "HDFC0001" in told["text"]
    (alerted,) = await world.sandbox.mails(staff)
    assert alerted["subject"] == "Staff must act: payout-reversed"
    assert str(payout["payout_id"]) in alerted["text"]


@pytest.mark.parametrize("wrong", [ServiceUnavailable, KeyError])
async def test_a_payout_whose_doctor_nobody_can_name_holds_up_nothing_else(
    world: World, wrong: type[Exception]
) -> None:
    lost, found = uuid4(), uuid4()
    world.appointments.doctors[found] = uuid4()
    known = world.appointments.account_of

    async def account_of(doctor_id: UUID) -> UUID:
        if doctor_id == lost:
            raise wrong
        return await known(doctor_id)

    world.appointments.account_of = account_of  # type: ignore[method-assign]
    await administrators(world, 1)
    for each in (lost, found):
        payout = {"payout_id": uuid4(), "doctor_id": each, "amount": 1_250_000, "currency": "INR"}
        await world.events(PayoutProcessed(**payout, utr="HDFC0001", occurred_at=await world.now()))
    await refund_failed(world)
    assert await queue_staff_messages(world.parts) == 2
    assert {row["type"] for row in await world.queue()} >= {"PAYOUT_SENT", "ADMIN_ALERT"}
    world.appointments.doctors[lost] = uuid4()
    world.appointments.account_of = known  # type: ignore[method-assign]
    assert await queue_staff_messages(world.parts) == 1
