"""A process is killed with SIGKILL where it hurts most; another one goes on, and every effect has happened once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
import sys
from typing import Literal
from uuid import UUID

import pytest

from tests.support.payers import PAYING, Payer
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_process import task_for
from tests.support.payments_world import ADMIN, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox

LEASE_OVER = {"seconds": 61}


async def die(world: World, visit: Visit, point: str, *do: str) -> None:
    """Another process does `do` on the same database and is killed at `point`."""
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.payments_victim", json.dumps(task_for(world, visit, *do)),
        env=os.environ | {"NIYAT_CRASH_AT": point, "PYTHONPATH": os.pathsep.join(["src", *sys.path])},
    )  # fmt: skip
    assert await asyncio.wait_for(victim.wait(), 120) == -signal.SIGKILL, f"{point} was never reached"


@pytest.mark.parametrize("point", ["payments:order-intended", "payments:order-created"])
@pytest.mark.failure_row(19)
async def test_killed_around_the_order_there_is_one_order(world: World, point: str) -> None:
    visit = world.visit()
    await die(world, visit, point, "initiate")
    await world.move(**LEASE_OVER)
    begun = await world.initiate(visit)
    assert [order["id"] for order in (await world.sandbox.books(world.account)).orders] == [begun["order_id"]]
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.parametrize("closed", [False, True], ids=["open", "cancelled-meanwhile"])
@pytest.mark.parametrize(
    "point",
    [
        "payments:secured",
        "payments:capture-intended",
        "payments:capture-called",
        "payments:capture-recorded",
    ],
)
@pytest.mark.failure_row(20, 33)
async def test_killed_around_the_capture_no_rupee_is_lost(world: World, point: str, closed: bool) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"])
    proof = (paid["razorpay_order_id"], paid["razorpay_payment_id"], paid["razorpay_signature"])
    await die(world, visit, point, "verify", *proof)
    await world.appointments.secure(
        visit.appointment_id,
        UUID(begun["payment_id"]),
        begun["order_id"],
        visit.amount,
        visit.currency,
        securing=1,
    )  # what the victim's appointments knew
    if closed:
        await world.cancel(visit)
    await world.move(**LEASE_OVER)
    await world.settle()
    books = await world.sandbox.books(world.account)
    taken = PRICE if not closed or point in ("payments:capture-called", "payments:capture-recorded") else 0
    assert (books.captured, books.refunded) == (taken, taken if closed else 0)
    assert visit.status == ("cancelled" if closed else "confirmed")
    assert world.told().count("PAYMENT_COMPLETED") <= 1


@pytest.mark.parametrize("closed", [False, True], ids=["open", "cancelled-meanwhile"])
@pytest.mark.parametrize(
    "point", ["payments:receipt-intended", "payments:receipt-secured", "payments:receipt-recorded"]
)
async def test_killed_around_a_manual_receipt_the_money_is_in_the_books_once_or_not_at_all(
    world: World, point: str, closed: bool
) -> None:
    visit = world.visit()
    await die(world, visit, point, "receipt", str(ADMIN), "the-key")
    if point != "payments:receipt-intended":  # what the victim's appointments knew
        payment_id = await world.db.fetchval("SELECT payment_id FROM payment_transactions")
        await world.appointments.secure(
            visit.appointment_id, payment_id, "", visit.amount, visit.currency, securing=1
        )
    if closed:
        await world.cancel(visit)
    await world.move(**LEASE_OVER)
    await world.settle()
    kept = not closed or point == "payments:receipt-recorded"
    assert (await world.ledger()).get("cash", 0) == (PRICE if kept else 0)
    assert visit.status == ("cancelled" if closed else "confirmed")
    assert world.told().count("PAYMENT_COMPLETED") == (1 if kept else 0)
    owed = await world.db.fetchval("SELECT coalesce(sum(amount), 0) FROM refunds WHERE status = 'pending'")
    assert owed == (PRICE if kept and closed else 0)


@pytest.mark.parametrize(
    "point", ["payments:refund-intended", "payments:refund-called", "payments:refund-recorded"]
)
@pytest.mark.failure_row(21, 33)
async def test_killed_around_a_refund_it_is_made_once(world: World, point: str) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    await world.refund(begun["payment_id"], PRICE, "k")
    await die(world, visit, point, "refund")
    await world.move(**LEASE_OVER)
    await world.settle()
    books = await world.sandbox.books(world.account)
    assert (books.refunded, books.count("refund.created")) == (PRICE, 1)
    assert world.told().count("REFUND_COMPLETED") == 1


@pytest.mark.parametrize(
    "point",
    [
        "payments:receipt-claimed",
        "payments:receipt-facts-known",
        "payments:receipt-number-taken",
        "payments:receipt-issued",
    ],
)
async def test_killed_around_a_receipt_its_number_is_given_once_and_none_is_lost(
    world: World, point: str
) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await die(world, visit, point, "issue")
    second = world.visit()
    await world.receive(second)
    await world.settle()
    await world.move(**LEASE_OVER)
    await world.settle()
    rows = await world.db.fetch("SELECT appointment_id, number FROM receipts ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2]
    assert {row["appointment_id"] for row in rows} == {visit.appointment_id, second.appointment_id}


@pytest.mark.failure_row(33, 53)
@pytest.mark.parametrize(
    ("point", "before"),
    [
        ("payments:payout-intended", ""),
        ("payments:payout-called", ""),
        ("payments:payout-recorded", ""),
        ("payments:payout-looked-up", "lose-request"),
        ("payments:payout-looked-up", "lose-answer"),
        ("payments:payout-called", "lose-answer"),
    ],
)
async def test_killed_around_a_payout_it_is_made_once(
    databases: Databases, sandbox: Sandbox, point: str, before: Literal["", "lose-request", "lose-answer"]
) -> None:
    """`before`: what an earlier try had already met."""
    async with payments_world(databases, sandbox, **PAYING) as world:
        payer = Payer(world)
        payout_id = await payer.approved(await payer.doctor())
        if before:
            await sandbox.add_fault(world.account, "payouts.create", before)
            await world.settle()
            await world.move(seconds=30)
        await die(world, world.visit(), point, "payout")
        await payer.settled()
        assert (await payer.payout(payout_id))["status"] == "processed"
        assert await payer.paid_out() == (PRICE, 1)
        assert world.told().count("PAYOUT_PROCESSED") == 1
        await world.audit()


@pytest.mark.failure_row(32)
async def test_killed_after_storing_a_webhook_it_is_worked_off_without_being_sent_again(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"])
    event = (await world.webhooks())[-1]
    signed = hmac.new(
        world.account.webhook_secret.encode(), event["body"].encode(), hashlib.sha256
    ).hexdigest()
    await die(world, visit, "payments:webhook-stored", "webhook", event["body"], signed, event["id"])
    await world.settle()
    assert visit.status == "confirmed"
