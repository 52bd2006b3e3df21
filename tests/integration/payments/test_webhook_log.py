"""What the payment provider sent is listed with what came of it, and can be worked off once more."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from niyat.payments.commands.webhook_process import BATCH, MAX_TRIES, process_webhooks
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import ADMIN, World
from tests.support.sandbox import Json

WEBHOOKS = "/api/v1/payments/webhooks"
SECRETS = ("patient@example.com", "+91", "card", "vpa", "email", "contact", "secret", "signature")


async def listed(world: World, **wanted: Any) -> list[Json]:
    answer = await world.ask("GET", WEBHOOKS, f"admin:{ADMIN}", params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def replay(
    world: World, webhook_id: str, key: str, reason: str = "its order is here now"
) -> httpx.Response:
    return await world.ask(
        "POST", f"{WEBHOOKS}/{webhook_id}/replay", f"admin:{ADMIN}", {"reason": reason},
        headers={"idempotency-key": key},
    )  # fmt: skip


async def paid(world: World) -> tuple[Visit, Json]:
    visit = world.visit()
    begun = await world.initiate(visit)
    return visit, await world.sandbox.pay(begun["order_id"])


def poison(number: int) -> Json:
    unreadable = {"payment": {"entity": {"id": number}}}
    return {
        "id": f"evt_poison_{number}",
        "body": json.dumps({"account_id": "acc_x", "event": "payment.captured", "payload": unreadable}),
    }


async def test_each_webhook_is_listed_with_what_came_of_it_and_without_what_is_nobodys_business(
    world: World,
) -> None:
    _, told = await paid(world)
    await world.deliver_all()
    waiting = await listed(world)
    assert {(one["status"], one["outcome"]) for one in waiting} == {("new", None)}
    await world.settle()
    attempt = told["razorpay_payment_id"]
    (authorized,) = await listed(world, type="payment.authorized", gateway_payment_id=attempt)
    assert (authorized["status"], authorized["outcome"], authorized["tries"]) == ("done", "recorded", 1)
    shown = await world.ask("GET", f"{WEBHOOKS}/{authorized['webhook_id']}", f"admin:{ADMIN}")
    facts = shown.json()["facts"]["attempt"]
    assert (facts["status"], facts["amount"], facts["gateway_payment_id"]) == ("authorized", PRICE, attempt)
    assert shown.json()["payment_id"] is not None
    assert not [word for word in SECRETS if word in shown.text.replace(world.account.account_id, "")]
    assert await listed(world, status="dead") == []
    assert await listed(world, outcome="not-ours") == []


async def test_pages_follow_one_another_and_filters_leave_out_the_rest(world: World) -> None:
    for number in range(3):
        await world.deliver(poison(number))
    first = (await world.ask("GET", WEBHOOKS, f"admin:{ADMIN}", params={"limit": 2})).json()
    rest = await world.ask(
        "GET", WEBHOOKS, f"admin:{ADMIN}", params={"limit": 2, "cursor": first["next_cursor"]}
    )
    seen = [one["event_id"] for one in first["items"] + rest.json()["items"]]
    assert seen == ["evt_poison_2", "evt_poison_1", "evt_poison_0"]
    assert rest.json()["next_cursor"] is None
    assert [one["event_id"] for one in await listed(world, event_id="evt_poison_1")] == ["evt_poison_1"]
    assert await listed(world, to="2001-01-01T00:00:00Z") == []
    await world.db.execute("DELETE FROM webhook_events")


async def test_the_log_is_for_administrators(world: World) -> None:
    await world.deliver(poison(1))
    (known,) = await listed(world)
    await world.db.execute("DELETE FROM webhook_events")
    paths = [WEBHOOKS, f"{WEBHOOKS}/{known['webhook_id']}", "/api/v1/payments/audit-log"]
    for path in paths:
        assert (await world.ask("GET", path)).status_code == 401
        assert (await world.ask("GET", path, f"patient:{uuid4()}")).status_code == 403
    put = f"{WEBHOOKS}/{known['webhook_id']}/replay"
    assert (await world.ask("POST", put, f"doctor:{uuid4()}", {"reason": "because"})).status_code == 403
    assert (await world.ask("GET", paths[1], f"admin:{ADMIN}")).json()["code"] == "webhook-not-found"
    assert (await replay(world, known["webhook_id"], "k")).json()["code"] == "webhook-not-found"


async def test_one_that_came_before_its_order_was_known_is_replayed_with_a_reason(world: World) -> None:
    visit, told = await paid(world)
    await world.sandbox.set_webhooks(world.account, mode="drop")
    order = told["razorpay_order_id"]
    await world.db.execute("UPDATE payment_transactions SET gateway_order_id = NULL, poll_at = NULL")
    await world.deliver_all()
    for _ in range(MAX_TRIES):
        await process_webhooks(world.parts)
        await world.move(minutes=20)
    (early,) = await listed(world, outcome="not-ours")
    assert (early["status"], early["last_error"]) == ("done", "of no order of ours")
    await world.db.execute("UPDATE payment_transactions SET gateway_order_id = $1", order)
    assert (await replay(world, early["webhook_id"], "a", reason="")).status_code == 422
    once = await replay(world, early["webhook_id"], "a")
    assert (once.json()["status"], once.json()["outcome"]) == ("new", None)
    assert (await replay(world, early["webhook_id"], "a")).json() == once.json()
    assert (await replay(world, early["webhook_id"], "b")).json()["code"] == "webhook-waiting"
    await world.settle()
    assert visit.status == "confirmed"
    ledger = await world.ledger()
    await world.deliver_all()
    assert (await replay(world, early["webhook_id"], "c")).status_code == 200
    await world.settle()
    assert await world.ledger() == ledger
    log = await world.ask(
        "GET", "/api/v1/payments/audit-log", f"admin:{ADMIN}", params={"subject_id": early["webhook_id"]}
    )
    lines = [(line["action"], line["actor_id"], line["reason"]) for line in log.json()["items"]]
    assert lines == [("replay-webhook", str(ADMIN), "its order is here now")] * 2


async def test_the_audit_log_is_read_by_who_what_whom_and_when(world: World) -> None:
    visit, _ = await paid(world)
    await world.deliver_all()
    await world.settle()
    payment_id = str(await world.db.fetchval("SELECT payment_id FROM payment_transactions"))
    for key in ("a", "b"):
        assert (await world.refund(payment_id, 100, key)).status_code == 201
    cash = world.visit()
    assert (await world.receive(cash)).status_code == 201
    await world.settle()

    async def lines(**wanted: Any) -> list[tuple[str, str]]:
        answer = await world.ask("GET", "/api/v1/payments/audit-log", f"admin:{ADMIN}", params=wanted)
        assert answer.status_code == 200, answer.text
        return [(line["action"], line["subject_id"]) for line in answer.json()["items"]]

    received = ("record-receipt", str(cash.appointment_id))
    refunded = ("refund-payment", payment_id)
    assert await lines() == [received, refunded, refunded]
    assert await lines(action="record-receipt") == [received]
    assert await lines(subject_id=payment_id, actor_id=str(ADMIN)) == [refunded, refunded]
    assert await lines(actor_id=str(uuid4())) == []
    assert await lines(to="2001-01-01T00:00:00Z") == []
    assert visit.status == "confirmed"


@pytest.mark.failure_row(35)
async def test_a_hundred_poison_events_before_it_do_not_hold_up_the_next(world: World) -> None:
    for number in range(2 * BATCH):
        await world.deliver(poison(number))
    visit, _ = await paid(world)
    await world.deliver_all()
    await process_webhooks(world.parts)
    left = await world.db.fetch("SELECT DISTINCT type, status, tries FROM webhook_events ORDER BY status")
    assert [tuple(row) for row in left] == [
        ("payment.authorized", "done", 1),
        ("payment.captured", "new", 1),
    ]
    await world.db.execute("DELETE FROM webhook_events WHERE event_id LIKE 'evt_poison%'")
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.failure_row(36)
async def test_what_comes_while_nothing_is_worked_off_is_stored_answered_and_made_up_for(
    world: World,
) -> None:
    """Every consumer and every job stands still, appointments does not answer, and the gateway is slow."""
    visit, _ = await paid(world)
    world.appointments.deaf = 1000
    events = await world.webhooks()
    for new in (True, False):
        for answer in await asyncio.gather(*(world.deliver(event) for event in events)):
            assert (answer.status_code, answer.json()) == (200, {"new": new})
    assert await world.db.fetchval("SELECT count(*) FROM payment_attempts") == 0
    world.appointments.deaf = 0
    await world.settle()
    assert visit.status == "confirmed"


async def test_two_workers_share_a_backlog_and_each_event_is_worked_off_once(world: World) -> None:
    visits = [world.visit() for _ in range(4)]
    for visit in visits:
        await world.sandbox.pay((await world.initiate(visit))["order_id"])
    for _ in range(5):
        for event in await world.webhooks():
            await world.deliver(event, **{"x-razorpay-event-id": str(UUID(int=uuid4().int))})
    await asyncio.gather(*(process_webhooks(world.parts) for _ in range(3)))
    tries = await world.db.fetch("SELECT DISTINCT status, tries FROM webhook_events")
    assert [tuple(row) for row in tries] == [("done", 1)]
    await world.settle()
    assert {visit.status for visit in visits} == {"confirmed"}
