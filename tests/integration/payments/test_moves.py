"""What goes back when a visit moves to a cheaper time, and what of the rest when it ends one way or another."""

from __future__ import annotations

import pytest

from niyat.events.catalogue import RefundCompleted
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World


async def confirmed(world: World) -> tuple[Visit, str]:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    return visit, str(begun["payment_id"])


async def gone_back(world: World) -> list[int]:
    """The refunds in the gateway's own books."""
    await world.settle()
    return [refund["amount"] for refund in (await world.sandbox.books(world.account)).refunds]


async def test_a_move_gives_the_difference_back_once_however_often_it_is_told(world: World) -> None:
    visit, payment_id = await confirmed(world)
    moved = world.moved(visit, 30_000)
    for _ in range(3):
        await world.tell(moved)
    assert await gone_back(world) == [20_000]
    assert (await world.payment(payment_id))["status"] == "partially-refunded"
    assert (await world.ledger())["patient_deposit"] == -30_000


async def test_a_move_that_costs_the_same_gives_nothing_back(world: World) -> None:
    visit, _ = await confirmed(world)
    await world.tell(world.moved(visit, PRICE))
    assert await gone_back(world) == []


async def test_moves_in_any_order_give_back_what_the_visit_costs_less(world: World) -> None:
    visit, _ = await confirmed(world)
    first, second = world.moved(visit, 40_000), world.moved(visit, 25_000)
    await world.tell(second)
    await world.tell(first)
    assert sum(await gone_back(world)) == 25_000


async def test_a_cancellation_after_a_move_counts_on_what_is_kept(world: World) -> None:
    visit, _ = await confirmed(world)
    await world.tell(world.moved(visit, 30_000))
    await world.cancel(visit, owed_back=15_000)
    assert sorted(await gone_back(world)) == [15_000, 20_000]
    assert (await world.ledger())["doctor_payable"] == -15_000


async def test_a_move_that_is_heard_of_after_the_cancellation_gives_back_no_more(world: World) -> None:
    visit, _ = await confirmed(world)
    moved = world.moved(visit, 30_000)
    await world.cancel(visit, owed_back=15_000)
    await world.tell(moved)
    assert await gone_back(world) == [35_000]


async def test_what_an_admin_gave_before_does_not_count_against_a_move_but_against_the_cancellation(
    world: World,
) -> None:
    visit, payment_id = await confirmed(world)
    await world.refund(payment_id, 10_000, "k")
    await world.tell(world.moved(visit, 30_000))
    assert sorted(await gone_back(world)) == [10_000, 20_000]
    await world.cancel(visit)
    assert sum(await gone_back(world)) == PRICE


async def test_a_move_never_gives_back_more_than_is_left(world: World) -> None:
    visit, payment_id = await confirmed(world)
    await world.refund(payment_id, 45_000, "k")
    await world.tell(world.moved(visit, 30_000))
    assert sorted(await gone_back(world)) == [5_000, 45_000]


async def test_a_moved_visit_that_took_place_is_earned_at_its_price(world: World) -> None:
    visit, _ = await confirmed(world)
    await world.tell(world.moved(visit, 30_000))
    await world.complete(visit)
    await world.settle()
    ledger = await world.ledger()
    assert (ledger["doctor_payable"], ledger.get("patient_deposit", 0)) == (-30_000, 0)


async def test_the_doctors_absence_gives_everything_back_and_is_earned_by_nobody(world: World) -> None:
    visit, payment_id = await confirmed(world)
    await world.tell(world.moved(visit, 30_000))
    await world.no_show(visit, "doctor")
    await world.no_show(visit, "doctor")
    assert sorted(await gone_back(world)) == [20_000, 30_000]
    shown = await world.payment(payment_id)
    assert (shown["status"], {refund["reason_code"] for refund in shown["refunds"]}) == (
        "refunded",
        {"moved", "doctor-no-show"},
    )
    assert "doctor_payable" not in await world.ledger()


async def test_the_patients_absence_is_paid_for_like_a_visit(world: World) -> None:
    visit, _ = await confirmed(world)
    await world.no_show(visit, "patient")
    assert await gone_back(world) == []
    ledger = await world.ledger()
    assert (ledger["doctor_payable"], ledger.get("patient_deposit", 0)) == (-PRICE, 0)


@pytest.mark.parametrize("party", ["patient", "doctor"])
async def test_a_second_payment_of_a_missed_visit_goes_back_in_full(world: World, party: str) -> None:
    visit, payment_id = await confirmed(world)
    await world.no_show(visit, "patient" if party == "patient" else "doctor")
    order = (await world.payment(payment_id))["order_id"]
    await world.sandbox.pay(order, outcome="captured", force=True)
    await world.deliver_all()
    assert await gone_back(world) == ([PRICE] if party == "patient" else [PRICE, PRICE])


async def test_a_refund_of_a_move_that_fails_stays_owed_and_a_next_move_does_not_pay_it_twice(
    world: World,
) -> None:
    visit, payment_id = await confirmed(world)
    await world.sandbox.add_fault(world.account, "payments.refund", "http-400", description="Not possible")
    await world.tell(world.moved(visit, 30_000))
    assert await gone_back(world) == []
    assert (await world.ledger())["refund_owed"] == -20_000
    await world.refund(payment_id, 20_000, "by-hand")
    await world.tell(world.moved(visit, 25_000))
    assert sorted(await gone_back(world)) == [5_000, 20_000]
    assert "refund_owed" not in await world.ledger()


async def test_what_is_kept_after_all_of_a_visit_that_is_over_is_earned_and_no_deposit(world: World) -> None:
    visit, payment_id = await confirmed(world)
    attempt = (await world.payment(payment_id))["gateway_payment_id"]
    await world.sandbox.refund_in_dashboard(attempt, 40_000)
    await world.cancel(visit, owed_back=25_000)
    assert await gone_back(world) == [40_000]
    refunds = (await world.payment(payment_id))["refunds"]
    assert sorted((r["status"], r["amount"]) for r in refunds) == [
        ("processed", 40_000),
        ("superseded", 25_000),
    ]
    assert (await world.ledger()).get("patient_deposit", 0) == 0


@pytest.mark.parametrize("end", ["complete", "no-show"])
async def test_a_move_that_is_heard_of_after_the_visits_end_was_reckoned_with(world: World, end: str) -> None:
    visit, _ = await confirmed(world)
    moved = world.moved(visit, 30_000)
    await (world.complete(visit) if end == "complete" else world.no_show(visit, "patient"))
    assert await gone_back(world) == [20_000]
    await world.tell(moved)
    assert await gone_back(world) == [20_000]
    assert (await world.ledger())["doctor_payable"] == -30_000


@pytest.mark.parametrize("owed_back", [0, 15_000])
async def test_what_is_kept_of_a_cancelled_visit_confirms_nothing_any_more(
    world: World, owed_back: int
) -> None:
    visit, payment_id = await confirmed(world)
    await world.cancel(visit, owed_back=owed_back)
    await world.settle()
    assert (await world.payment(payment_id))["outcome"] == "cancelled"


async def test_a_second_capture_is_told_by_its_own_id_when_it_goes_back(world: World) -> None:
    visit, payment_id = await confirmed(world)
    kept = await world.payment(payment_id)
    await world.sandbox.pay(kept["order_id"], outcome="captured", force=True)
    await world.deliver_all()
    await world.settle()
    told = [event for event in world.events if isinstance(event, RefundCompleted)]
    assert [event.amount for event in told] == [PRICE]
    assert told[0].gateway_payment_id not in (None, kept["gateway_payment_id"])
    assert visit.status == "confirmed"
