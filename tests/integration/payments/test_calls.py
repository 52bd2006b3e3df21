"""The edges: orders whose creation went wrong, forged and foreign calls, webhooks stored once and worked off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from niyat.kernel.db import Connection
from niyat.payments.commands.initiate import adopt
from niyat.payments.commands.poll import poll
from niyat.payments.commands.sweep import sweep
from niyat.payments.commands.webhook_process import MAX_TRIES, process_webhooks
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import ADMIN, World

FIXTURES = Path(__file__).parents[2] / "fixtures" / "razorpay" / "webhooks"


@pytest.mark.parametrize("kind", ["lose-answer", "lose-request", "http-500-json", "http-502-html"])
@pytest.mark.failure_row(19)
async def test_an_order_whose_creation_was_not_answered_exists_once(world: World, kind: Any) -> None:
    visit = world.visit()
    await world.sandbox.add_fault(world.account, "orders.create", kind)
    path, body = "/api/v1/payments/initiate", {"appointment_id": str(visit.appointment_id)}
    answer = await world.ask("POST", path, f"patient:{visit.patient_id}", body)
    if answer.status_code == 503:
        answer = await world.ask("POST", path, f"patient:{visit.patient_id}", body)
    assert answer.status_code == 201, answer.text
    orders = (await world.sandbox.books(world.account)).orders
    assert [order["id"] for order in orders] == [answer.json()["order_id"]]
    assert orders[0]["receipt"] == answer.json()["payment_id"]


@pytest.mark.failure_row(19)
async def test_an_order_that_nobody_came_back_for_is_adopted_or_given_up(world: World) -> None:
    for fault in ("lose-answer", "lose-request"):
        visit = world.visit()
        await world.sandbox.add_fault(world.account, "orders.create", fault)
        await world.sandbox.add_fault(world.account, "orders.list", "lose-request")
        answer = await world.ask(
            "POST",
            "/payments/intent",
            f"patient:{visit.patient_id}",
            {"appointment_id": str(visit.appointment_id)},
        )
        await world.sandbox.clear_faults(world.account)
        assert answer.status_code == 503
    await world.move(minutes=7)
    await world.settle()
    await world.move(minutes=7)
    await world.settle()
    rows = await world.db.fetch(
        "SELECT status, gateway_order_id IS NOT NULL AS o FROM payment_transactions ORDER BY 1"
    )
    assert [(row["status"], row["o"]) for row in rows] == [("failed", False), ("pending", True)]


async def test_simultaneous_beginnings_share_one_order(world: World) -> None:
    visit = world.visit()
    path, body = "/api/v1/payments/initiate", {"appointment_id": str(visit.appointment_id)}
    who = f"patient:{visit.patient_id}"
    answers = await asyncio.gather(*(world.ask("POST", path, who, body) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert len({answer.json()["order_id"] for answer in answers if answer.status_code == 201}) == 1
    assert len((await world.sandbox.books(world.account)).orders) == 1


async def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(world: World) -> None:
    visit, other = world.visit(), world.visit()
    who = f"patient:{visit.patient_id}"
    path, key = "/api/v1/payments/initiate", {"idempotency-key": "k"}
    first = await world.ask("POST", path, who, {"appointment_id": str(visit.appointment_id)}, headers=key)
    again = await world.ask("POST", path, who, {"appointment_id": str(visit.appointment_id)}, headers=key)
    assert (first.status_code, again.json()) == (201, first.json())
    wrong = await world.ask("POST", path, who, {"appointment_id": str(other.appointment_id)}, headers=key)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "idempotency-key-reused")


async def test_what_cannot_be_paid_is_refused_with_its_reason(world: World) -> None:
    visit = world.visit()
    for status, code in [
        ("expired", "hold-lapsed"),
        ("cancelled", "appointment-cancelled"),
        ("confirmed", "already-paid"),
    ]:
        visit.status = status
        answer = await world.ask(
            "POST",
            "/api/v1/payments/initiate",
            f"patient:{visit.patient_id}",
            {"appointment_id": str(visit.appointment_id)},
        )
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    stranger = await world.ask(
        "POST",
        "/api/v1/payments/initiate",
        f"patient:{uuid4()}",
        {"appointment_id": str(visit.appointment_id)},
    )
    assert stranger.status_code == 404


@pytest.mark.failure_row(12, 13, 14)
async def test_forged_and_foreign_proofs_are_refused_without_effect(world: World) -> None:
    visit, other = world.visit(), world.visit()
    begun, theirs = await world.initiate(visit), await world.initiate(other)
    paid = await world.sandbox.pay(begun["order_id"])
    before = await world.payment(begun["payment_id"])

    async def refused(**change: Any) -> int:
        return (await world.verify(visit, paid | change)).status_code

    assert await refused(razorpay_signature="0" * 64) == 400
    assert await refused(razorpay_signature="é") == 400
    assert await refused(razorpay_payment_id="pay_another0000000") == 400
    assert await refused(razorpay_order_id=theirs["order_id"]) == 404  # not this account's
    assert await refused(razorpay_payment_id="../orders/x") == 422
    assert (await world.verify(other, paid)).status_code == 404
    assert (await world.verify(visit, paid, appointment_id=str(other.appointment_id))).status_code == 409
    assert await world.payment(begun["payment_id"]) == before
    assert (await world.verify(visit, paid)).status_code == 200


@pytest.mark.failure_row(14, 15)
async def test_a_forged_or_missing_webhook_signature_is_refused_without_effect(world: World) -> None:
    visit = world.visit()
    await world.sandbox.pay((await world.initiate(visit))["order_id"])
    event = (await world.webhooks())[0]
    for signature in ("", "0" * 64, "é"):
        headers = {b"x-razorpay-signature": signature.encode("latin-1")} if signature else {}
        answer = await world.http.post("/payments/webhook", content=event["body"].encode(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "signature-wrong")
    # The very same JSON, written otherwise, is not what was signed.
    altered = dict(event, body=json.dumps(json.loads(event["body"]), indent=1))
    signed = await world.deliver(event)
    raw = altered["body"].encode()
    again = await world.http.post(
        "/payments/webhook",
        content=raw,
        headers={"x-razorpay-signature": signed.request.headers["x-razorpay-signature"]},
    )
    assert again.status_code == 400
    assert await world.db.fetchval("SELECT count(*) FROM webhook_events") == 1


@pytest.mark.failure_row(6, 16)
async def test_an_event_is_stored_once_and_a_rotated_secret_still_counts(world: World) -> None:
    visit = world.visit()
    await world.sandbox.pay((await world.initiate(visit))["order_id"])
    event = (await world.webhooks())[0]
    assert (await world.deliver(event)).json() == {"new": True}
    assert (await world.deliver(event)).json() == {"new": False}
    from pydantic import SecretStr

    settings = world.parts.settings
    settings.razorpay_webhook_secret_previous = settings.razorpay_webhook_secret
    settings.razorpay_webhook_secret = SecretStr("the-new-one")
    assert (await world.deliver(event)).status_code == 200
    settings.razorpay_webhook_secret_previous = None
    assert (await world.deliver(event)).status_code == 400


async def test_the_vendors_samples_are_stored_and_worked_off(world: World) -> None:
    samples = sorted(FIXTURES.glob("*.json"))
    for path in samples:
        assert (await world.deliver({"id": path.stem, "body": path.read_text()})).status_code == 200
    for _ in range(MAX_TRIES + 1):
        await world.settle()
        await world.move(hours=1)
    rows = await world.db.fetch("SELECT event_id, status, last_error FROM webhook_events")
    assert len(rows) == len(samples) > 20
    for row in rows:
        assert (row["status"], row["last_error"]) in (("done", None), ("done", "of no order of ours")), dict(
            row
        )


@pytest.mark.failure_row(35)
async def test_a_poisonous_event_is_set_aside_others_proceed_and_it_can_be_replayed(world: World) -> None:
    visit = world.visit()
    await world.sandbox.pay((await world.initiate(visit))["order_id"])
    poison = {
        "account_id": "acc_x",
        "event": "payment.captured",
        "payload": {"payment": {"entity": {"id": 7}}},
    }
    await world.deliver({"id": "evt_poison", "body": json.dumps(poison)})
    await world.deliver_all()
    await world.settle()
    assert visit.status == "confirmed"
    for _ in range(MAX_TRIES):
        await world.move(hours=1)
        await world.settle()
    listed = await world.ask("GET", "/api/v1/payments/webhooks?status=dead", f"admin:{ADMIN}")
    (dead,) = listed.json()["items"]
    assert (dead["event_id"], dead["tries"]) == ("evt_poison", MAX_TRIES)
    await world.db.execute("DELETE FROM webhook_events WHERE event_id = 'evt_poison'")


async def test_the_browser_returns_from_another_site_by_its_signature_alone(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"])
    fields = {name: value for name, value in paid.items() if name.startswith("razorpay_")}
    forged = await world.http.post(
        "/api/v1/payments/callback", data=fields | {"razorpay_signature": "0" * 64}
    )
    assert forged.status_code == 400
    answer = await world.http.post("/api/v1/payments/callback", data=fields)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"/bookings/{visit.appointment_id}")
    await world.settle()
    assert visit.status == "confirmed"
    failed = await world.http.post(
        f"/api/v1/payments/callback?payment_id={begun['payment_id']}",
        data={"error[code]": "BAD_REQUEST_ERROR"},
    )
    assert failed.status_code == 303
    assert (await world.http.get("/api/v1/payments/callback")).status_code == 404


async def test_money_is_shown_to_its_owner_and_to_administrators_only(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    owner, stranger = f"patient:{visit.patient_id}", f"patient:{uuid4()}"
    mine = (await world.ask("GET", f"/api/v1/payments/user/{visit.patient_id}", owner)).json()
    assert [(item["order_id"], item["amount"]) for item in mine["items"]] == [(begun["order_id"], PRICE)]
    assert mine["next_cursor"] is None
    for path in (f"/api/v1/payments/{begun['payment_id']}", f"/api/v1/payments/user/{visit.patient_id}"):
        refusal = await world.ask("GET", path, stranger)
        assert (refusal.status_code, refusal.json()["code"]) == (404, "payment-not-found")
        assert (await world.ask("GET", path)).status_code == 401
    seen = f"/api/v1/payments/appointment/{visit.appointment_id}"
    assert (await world.ask("GET", seen, stranger)).json() == {"items": []}
    assert len((await world.ask("GET", seen, owner)).json()["items"]) == 1
    refund = await world.ask(
        "POST", f"/api/v1/payments/{begun['payment_id']}/refund", owner, {"amount": 1, "reason_code": "x"}
    )
    assert refund.status_code == 403


async def test_only_the_two_older_paths_exist_without_a_version(world: World) -> None:
    paths = world.service.app.openapi()["paths"]
    older = {path: paths[path]["post"].get("deprecated") for path in paths if not path.startswith("/api/v1/")}
    assert older == {"/payments/intent": True, "/payments/webhook": True}
    assert not any(
        "deprecated" in each for path in paths if path not in older for each in paths[path].values()
    )


async def test_an_unsigned_return_does_not_change_how_often_a_payment_is_asked_about(world: World) -> None:
    begun = await world.initiate(world.visit())
    await world.db.execute(
        "UPDATE payment_transactions SET polls = 7, poll_at = niyat_now() + interval '1 hour'"
    )
    answer = await world.http.get(f"/api/v1/payments/callback?payment_id={begun['payment_id']}")
    assert answer.status_code == 303
    row = await world.db.fetchrow(
        "SELECT polls, poll_at < niyat_now() + interval '1 minute' AS soon FROM payment_transactions"
    )
    assert row is not None
    assert (row["polls"], row["soon"]) == (7, True)


async def test_a_webhook_that_is_too_long_is_refused_before_it_is_read(world: World) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 100_000

    answer = await world.http.post("/payments/webhook", content=b"", headers={"content-length": "1000001"})
    assert answer.status_code == 400
    answer = await world.http.post("/payments/webhook", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook-malformed")
    assert read < 20


@pytest.mark.failure_row(36)
async def test_a_webhook_is_only_recorded_and_a_job_goes_on_from_there(world: World) -> None:
    visit = world.visit()
    await world.sandbox.pay((await world.initiate(visit))["order_id"])
    await world.deliver_all()
    await process_webhooks(world.parts)
    assert await world.db.fetchval("SELECT step FROM payment_attempts") == "securing"
    await world.settle()
    assert visit.status == "confirmed"


async def test_nothing_is_begun_on_a_closed_case(world: World) -> None:
    visit = world.visit()
    await world.initiate(visit)
    await world.cancel(visit)
    visit.status = "pending-payment"  # appointments' answer was on its way when it was cancelled
    body = {"appointment_id": str(visit.appointment_id)}
    answer = await world.ask("POST", "/api/v1/payments/initiate", f"patient:{visit.patient_id}", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "appointment-cancelled")


async def test_an_order_of_another_amount_is_not_adopted_nor_one_of_a_closed_payment(world: World) -> None:
    visit = world.visit()
    await world.sandbox.add_fault(world.account, "orders.create", "lose-request")
    await world.sandbox.add_fault(world.account, "orders.list", "lose-request")
    body = {"appointment_id": str(visit.appointment_id)}
    answer = await world.ask("POST", "/api/v1/payments/initiate", f"patient:{visit.patient_id}", body)
    assert answer.status_code == 503
    await world.sandbox.clear_faults(world.account)
    payment_id = await world.db.fetchval("SELECT payment_id FROM payment_transactions")
    await world.parts.gateway.create_order(payment_id, PRICE + 1, "INR", {})
    await world.move(minutes=5)
    await poll(world.parts)
    assert await world.db.fetchval("SELECT gateway_order_id FROM payment_transactions") is None

    async def adopted(conn: Connection) -> bool:
        await conn.execute("UPDATE payment_transactions SET open = false, status = 'pending'")
        return await adopt(conn, payment_id, "order_late")

    assert not await world.db.run(adopted)


async def test_a_row_that_fails_does_not_keep_the_others_waiting(world: World) -> None:
    visits = [world.visit(), world.visit()]
    for visit in visits:
        await world.verify(visit, await world.sandbox.pay((await world.initiate(visit))["order_id"]))
    await world.move(minutes=3)
    missing = world.appointments.visits.pop(visits[0].appointment_id)  # asking about it fails
    await world.db.execute("UPDATE payment_attempts SET next_at = niyat_now() - interval '1 hour'"
        " WHERE appointment_id = $1", visits[0].appointment_id)  # fmt: skip
    await sweep(world.parts)
    assert [visit.status for visit in visits] == ["pending-payment", "confirmed"]
    world.appointments.visits[missing.appointment_id] = missing
