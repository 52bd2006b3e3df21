"""What the gateway says of one and the same `pay_…`, in orders that nobody would choose; and what is not about it."""

from __future__ import annotations

import itertools
import json

import pytest
from structlog.testing import capture_logs

from niyat.payments.commands.webhook_process import MAX_TRIES, OF_NO_ORDER
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import EITHER_CAPTURE, World
from tests.support.sandbox import Json

pytestmark = EITHER_CAPTURE

ONCE = {"gateway_clearing": PRICE - 1180, "gateway_fee": 1000, "gst_input": 180, "patient_deposit": -PRICE}


def manual(world: World) -> bool:
    return world.parts.settings.capture.value == "manual"


async def captured(world: World) -> tuple[Visit, Json, dict[str, Json]]:
    """Somebody has paid, and nothing was delivered yet: the events by their kind."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="captured")
    return visit, begun, {event["event"]: event for event in await world.webhooks()}


@pytest.mark.failure_row(7, 8)
async def test_one_fact_told_by_three_events_in_any_order_is_one_fact(world: World) -> None:
    orders = list(itertools.permutations(("payment.authorized", "payment.captured", "order.paid")))
    for order in orders:
        visit, begun, events = await captured(world)
        for kind in order:
            await world.deliver_all([events[kind]])
            await world.settle()
        assert visit.status == "confirmed", order
        shown = await world.payment(begun["payment_id"])
        assert [(a["status"], a["step"]) for a in shown["attempts"]] == [("captured", "kept")], order
    assert await world.ledger() == {account: amount * len(orders) for account, amount in ONCE.items()}
    assert world.told().count("PAYMENT_COMPLETED") == len(orders)


@pytest.mark.failure_row(9)
async def test_the_same_attempt_fails_and_is_captured_after_all(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    await world.deliver_all()
    await world.settle()
    assert (await world.payment(begun["payment_id"]))["status"] == "failed"
    attempt = (await world.sandbox.books(world.account)).payments[0]["id"]
    await world.sandbox.authorize_late(attempt)
    if manual(world):
        await world.sandbox.capture_in_dashboard(attempt)
    for _ in range(2):
        await world.deliver_all()
        await world.settle()
    shown = await world.payment(begun["payment_id"])
    assert (shown["status"], shown["gateway_payment_id"], visit.status) == ("captured", attempt, "confirmed")
    assert await world.ledger() == ONCE


@pytest.mark.failure_row(10)
async def test_money_that_comes_days_after_it_failed_finds_no_place_and_is_not_kept(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    await world.deliver_all()
    await world.expire(visit, slot_free=False)
    await world.settle()
    await world.move(days=2)
    attempt = (await world.sandbox.books(world.account)).payments[0]["id"]
    await world.sandbox.authorize_late(attempt)
    await world.settle()  # no webhook: the order is asked about for days
    books = await world.sandbox.books(world.account)
    if manual(world):
        assert (books.captured, books.authorized) == (0, PRICE)
        await world.sandbox.auto_refund(attempt)
        await world.move(minutes=2)
        await world.settle()
        assert [a["step"] for a in (await world.payment(begun["payment_id"]))["attempts"]] == ["released"]
    else:
        assert (books.captured, books.refunded, books.count("refund.created")) == (PRICE, PRICE, 1)
    assert (visit.status, "PAYMENT_COMPLETED" in world.told()) == ("expired", False)


@pytest.mark.failure_row(11)
@pytest.mark.parametrize("paid", [{"amount": PRICE - 1}, {"currency": "USD"}], ids=["amount", "currency"])
async def test_an_attempt_of_another_amount_or_currency_is_set_aside_and_told_to_staff(
    world: World, paid: dict[str, object]
) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], **paid)  # type: ignore[arg-type]
    with capture_logs() as lines:
        await world.deliver_all()
        await world.settle()
    assert (visit.status, visit.secured_by) == ("pending-payment", None)
    assert "PAYMENT_COMPLETED" not in world.told()
    books = await world.sandbox.books(world.account)
    assert books.captured == books.refunded
    assert (books.captured == 0) is manual(world)
    needs_staff = [line for line in lines if "another amount than quoted" in line["event"]]
    assert {line["log_level"] for line in needs_staff} == ({"error"} if manual(world) else set())


@pytest.mark.failure_row(12)
async def test_an_attempt_that_is_told_of_under_another_order_stays_with_its_own(world: World) -> None:
    visit, _, events = await captured(world)
    other = world.visit()
    theirs = await world.initiate(other)
    await world.deliver_all()
    await world.settle()
    moved = json.loads(events["payment.captured"]["body"])
    moved["payload"]["payment"]["entity"]["order_id"] = theirs["order_id"]
    await world.deliver({"id": "evt_elsewhere", "body": json.dumps(moved)})
    for _ in range(MAX_TRIES + 1):
        await world.settle()
        await world.move(minutes=20)
    told = await world.db.fetchrow(
        "SELECT status, last_error FROM webhook_events WHERE event_id = 'evt_elsewhere'"
    )
    assert told is not None
    assert (told["status"], "PaymentOfAnotherOrder" in told["last_error"]) == ("dead", True)
    assert (visit.status, other.status) == ("confirmed", "pending-payment")
    assert (await world.payment(theirs["payment_id"]))["attempts"] == []
    assert await world.ledger() == ONCE
    await world.db.execute("DELETE FROM webhook_events WHERE event_id = 'evt_elsewhere'")


@pytest.mark.failure_row(17)
async def test_an_event_of_another_account_is_refused_and_not_stored(world: World) -> None:
    visit, _, events = await captured(world)
    world.parts.settings.razorpay_account_id = "acc_ofsomebodyelse"
    answer = await world.deliver(events["payment.captured"])
    assert (answer.status_code, answer.json()["code"]) == (400, "account-mismatch")
    assert await world.db.fetchval("SELECT count(*) FROM webhook_events") == 0
    world.parts.settings.razorpay_account_id = world.account.account_id
    await world.deliver_all()
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.failure_row(60)
async def test_what_cannot_follow_is_stored_and_ignored_and_holds_up_nobody(world: World) -> None:
    _, begun, events = await captured(world)
    await world.deliver_all()
    await world.settle()
    before = await world.payment(begun["payment_id"])
    late = json.loads(events["payment.captured"]["body"])
    for number, (kind, status) in enumerate(
        [("payment.failed", "failed"), ("payment.authorized", "authorized"), ("payment.captured", "created")]
    ):
        late["event"], late["payload"]["payment"]["entity"]["status"] = kind, status
        await world.deliver({"id": f"evt_late_{number}", "body": json.dumps(late)})
    await world.deliver({"id": "evt_unheard_of", "body": json.dumps(late | {"event": "payment.teleported"})})
    foreign = json.loads(events["payment.captured"]["body"])
    foreign["payload"]["payment"]["entity"] |= {"id": "pay_ofnobody00001", "order_id": "order_ofnobody001"}
    await world.deliver({"id": "evt_foreign", "body": json.dumps(foreign)})
    after = world.visit()
    await world.sandbox.pay((await world.initiate(after))["order_id"])
    await world.deliver_all()
    await world.settle()
    assert after.status == "confirmed"
    assert await world.payment(begun["payment_id"]) == before
    rows = await world.db.fetch(
        "SELECT event_id, status, last_error FROM webhook_events WHERE event_id LIKE 'evt%'"
    )
    known = {row["event_id"]: (row["status"], row["last_error"]) for row in rows}
    assert known.pop("evt_foreign") == ("new", OF_NO_ORDER)  # an order of ours may still be on its way
    assert set(known.values()) == {("done", None)}
    await world.move(minutes=30)
    for _ in range(MAX_TRIES):
        await world.settle()
        await world.move(minutes=20)
