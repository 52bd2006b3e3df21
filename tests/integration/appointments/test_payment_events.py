from __future__ import annotations

from typing import Any
from uuid import UUID

from niyat.events import catalogue as events
from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, World


async def event(world: World, held: Json, kind: type[events.PaymentEvent], payment: UUID, **more: Any) -> Any:
    facts = {
        "occurred_at": await world.now(),
        "payment_id": payment,
        "appointment_id": held["appointment_id"],
        "patient_id": held["patient_id"],
        "doctor_id": held["doctor_id"],
        "amount": 50_000,
        "currency": "INR",
    }
    return kind(**facts | more)


async def completed(world: World, held: Json, payment: UUID) -> Any:
    gateway: Json = {"method": "upi", "order_id": "order_1", "gateway_payment_id": "pay_1"}
    return await event(world, held, events.PaymentCompleted, payment, **gateway)


async def released(world: World, held: Json, payment: UUID) -> Any:
    securing, world.securing = world.securing, world.securing + 1
    return await event(world, held, events.PaymentReleased, payment, reason_code="refused", securing=securing)


async def test_a_completed_payment_confirms_what_it_secured_and_is_shown(world: World) -> None:
    payment = new_id()
    who, held = await world.secured(payment)
    begun = await event(world, held, events.PaymentInitiated, payment, order_id="order_1")
    done = await completed(world, held, payment)
    await world.hear(begun, done, done)
    shown = await who.call("GET", f"/api/v1/appointments/{held['appointment_id']}")
    assert (shown["status"], shown["payment"]["status"], shown["payment"]["method"]) == (
        "confirmed",
        "captured",
        "upi",
    )
    assert [fact["event"] for fact in shown["payment"]["history"]] == [
        "PAYMENT_INITIATED",
        "PAYMENT_COMPLETED",
    ]
    assert await world.told(held) == [
        "APPOINTMENT_RESERVED",
        "APPOINTMENT_PAYMENT_UPDATED",
        "APPOINTMENT_CONFIRMED",
        "APPOINTMENT_PAYMENT_UPDATED",
    ]


async def test_a_completed_payment_that_secured_nothing_confirms_nothing(world: World) -> None:
    _, held = await world.started()
    await world.hear(await completed(world, held, new_id()))
    shown = await world.get(held)
    assert (shown["status"], shown["payment"]["status"]) == ("pending-payment", "captured")


async def test_a_released_payment_leaves_the_rest_of_the_hold(world: World) -> None:
    payment = new_id()
    who, held = await world.secured(payment)
    await world.move(minutes=3)
    await world.hear(await released(world, held, payment))
    shown = await world.get(held)
    assert (shown["status"], shown["secured"], shown["payment"]["status"]) == (
        "pending-payment",
        False,
        "failed",
    )
    assert await world.secure(held, new_id()) == "secured"
    assert (await who.ask("GET", f"/api/v1/appointments/{held['appointment_id']}")).status_code == 200


async def test_a_released_payment_ends_a_hold_whose_time_is_over(world: World) -> None:
    payment = new_id()
    _, held = await world.secured(payment)
    await world.move(minutes=6)
    await world.hear(await released(world, held, payment))
    assert (await world.get(held))["status"] == "expired"
    assert await world.slot_status(held) == "available"
    assert "APPOINTMENT_EXPIRED" in await world.told(held)


async def test_the_release_of_another_payment_changes_nothing(world: World) -> None:
    _, held = await world.secured(new_id())
    await world.hear(await released(world, held, new_id()))
    assert (await world.get(held))["secured"] is True


async def test_refunds_are_shown_after_a_cancellation(world: World) -> None:
    payment = new_id()
    who, held = await world.confirmed(payment)
    await world.hear(await completed(world, held, payment))
    await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/cancel")
    refund = {"refund_id": new_id(), "reason_code": "cancelled", "gateway_payment_id": "pay_1"}
    initiated = await event(world, held, events.RefundInitiated, payment, **refund)
    done = await event(world, held, events.RefundCompleted, payment, **refund)
    await world.hear(done, initiated)
    payment_shown = (await world.get(held))["payment"]
    assert (payment_shown["status"], payment_shown["refunded_amount"]) == ("refunded", 50_000)


async def test_an_event_about_an_appointment_that_is_not_ours_is_passed_over(world: World) -> None:
    _, held = await world.held()
    stranger = held | {"appointment_id": str(new_id())}
    await world.hear(await completed(world, stranger, new_id()), await released(world, stranger, new_id()))
    assert await world.db.fetchval("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
