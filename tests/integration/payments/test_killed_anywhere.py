"""A process is killed with SIGKILL at each of its awaited steps, enumerated by counting them; another one goes on.

By the gateway's own books each intent had one effect, and the end is right. The long tier dies at every step, before
its answer and after it; the normal tier at a few that are spread over the way.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.support.payers import PAYING, Payer
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_process import task_for
from tests.support.payments_world import ADMIN, World
from tests.support.sandbox import Json
from tests.support.steps import Moment

LEASE_OVER = {"seconds": 61}
SPREAD = 4
"""At how many steps of each way the normal tier dies."""
ALL_OR_SPREAD = pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["spread", "every"]
)


@dataclass
class Forks:
    """The process whose forks die."""

    world: World
    process: asyncio.subprocess.Process
    witness: Path

    async def run(self, visit: Visit, die_at: int, moment: Moment, *do: str) -> tuple[bool, int]:
        """Whether it died, and else how many steps it took. What appointments had done by then stays done."""
        task = task_for(self.world, visit, *do, verify_wait_seconds=0)
        task |= {"witness": str(self.witness), "die_at": die_at, "moment": moment}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.witness.unlink(missing_ok=True)
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        ended = json.loads(await asyncio.wait_for(self.process.stdout.readline(), 60))
        assert ended["code"] in (0, -signal.SIGKILL), ended
        if self.witness.exists():
            appointment, payment, order, amount, currency, securing = json.loads(self.witness.read_text())
            await self.world.appointments.secure(
                UUID(appointment), UUID(payment), order, amount, currency, securing=securing
            )
        return ended["code"] != 0, ended["steps"]


Scene = Callable[[int, Moment], Awaitable[tuple[bool, int]]]


async def die_everywhere(scene: Scene, *, every: bool) -> int:
    """Play the scene with a death at each step, at both its moments; at how many points it was played."""
    died, steps = await scene(0, "asked")
    assert not died
    assert steps > 0
    moments: tuple[Moment, Moment] = ("asked", "answered")
    if not every:
        for number in range(SPREAD):
            point = 1 + number * steps * 9 // (10 * SPREAD)
            assert (await scene(point, moments[number % 2]))[0], f"it did not die at {point} of {steps}"
        return SPREAD
    played = 0
    for moment in moments:
        point = 1
        while (await scene(point, moment))[0]:
            point, played = point + 1, played + 1
        assert point > steps * 2 // 3, "it survived where it should have died"
    return played


@pytest.fixture
def settings() -> Json:
    return {**PAYING}


@pytest_asyncio.fixture
async def forks(world: World, tmp_path: Path) -> AsyncIterator[Forks]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.payments_forks",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["src", *sys.path])},
    )  # fmt: skip
    assert process.stdin is not None
    yield Forks(world, process, tmp_path / "secured")
    process.stdin.close()
    await process.wait()


async def begun(world: World) -> tuple[Visit, Json, Json]:
    visit = world.visit()
    payment = await world.initiate(visit)
    return visit, payment, await world.sandbox.pay(payment["order_id"])


async def of_order(world: World, order_id: str) -> Json:
    """One order in the gateway's own books."""
    orders = (await world.sandbox.books(world.account)).orders
    return next(order for order in orders if order["id"] == order_id)


async def count(world: World, effect: str, entity_id: str) -> int:
    effects = (await world.sandbox.books(world.account)).effects
    return sum((entry["effect"], entry["entity_id"]) == (effect, entity_id) for entry in effects)


async def go_on(world: World) -> None:
    await world.move(**LEASE_OVER)
    await world.settle()


@pytest.mark.failure_row(19)
@ALL_OR_SPREAD
@pytest.mark.parametrize(
    "orphan", [False, pytest.param(True, marks=pytest.mark.long)], ids=["comes-back", "never-comes-back"]
)
async def test_killed_while_the_order_is_made_there_is_one_and_it_is_found_by_its_receipt(
    world: World, forks: Forks, every: bool, orphan: bool
) -> None:
    async def scene(die_at: int, moment: Moment) -> tuple[bool, int]:
        visit = world.visit()
        ended = await forks.run(visit, die_at, moment, "initiate")
        visit.status = "pending-payment"
        if orphan:
            for _ in range(2):
                await world.move(minutes=8)
                await world.settle()
        else:
            await world.move(**LEASE_OVER)
            begun = await world.initiate(visit)
            await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
            await world.settle()
            assert visit.status == "confirmed"
        rows = await world.db.fetch(
            "SELECT payment_id, gateway_order_id, status FROM payment_transactions WHERE appointment_id = $1",
            visit.appointment_id,
        )
        assert len(rows) <= 1
        receipts = [str(row["payment_id"]) for row in rows]
        made = [
            o["id"] for o in (await world.sandbox.books(world.account)).orders if o["receipt"] in receipts
        ]
        assert made == [row["gateway_order_id"] for row in rows if row["gateway_order_id"]]
        assert all(row["gateway_order_id"] or row["status"] == "failed" for row in rows)
        return ended

    await die_everywhere(scene, every=every)


@pytest.mark.failure_row(20, 33)
@ALL_OR_SPREAD
@pytest.mark.parametrize(
    "cancelled", [False, pytest.param(True, marks=pytest.mark.long)], ids=["open", "cancelled-meanwhile"]
)
async def test_killed_while_money_is_captured_it_is_captured_once_or_goes_back(
    world: World, forks: Forks, every: bool, cancelled: bool
) -> None:
    async def scene(die_at: int, moment: Moment) -> tuple[bool, int]:
        visit, payment, paid = await begun(world)
        proof = [paid[f"razorpay_{name}"] for name in ("order_id", "payment_id", "signature")]
        ended = await forks.run(visit, die_at, moment, "verify", *proof)
        if cancelled:
            await world.cancel(visit)
        await go_on(world)
        if (
            not cancelled and visit.status != "confirmed"
        ):  # nobody had heard of it: the poll around the hold's end
            await world.move(minutes=5)
            await world.settle()
        (attempt,) = (await of_order(world, payment["order_id"]))["payments"]
        if cancelled and attempt["status"] == "authorized":
            await world.sandbox.auto_refund(attempt["id"])
        captures = await count(world, "payment.captured", attempt["id"])
        back = sum(refund["amount"] for refund in attempt["refunds"])
        assert (captures, back) == ((1, PRICE if cancelled else 0) if captures or not cancelled else (0, 0))
        assert visit.status == ("cancelled" if cancelled else "confirmed")
        told = [
            event
            for event in world.events
            if getattr(event, "payment_id", None) == UUID(payment["payment_id"])
        ]
        assert [event.type for event in told].count("PAYMENT_COMPLETED") <= 1
        return ended

    await die_everywhere(scene, every=every)


@pytest.mark.failure_row(32)
@ALL_OR_SPREAD
async def test_killed_while_a_webhook_is_taken_in_and_worked_off_it_has_its_effect_once(
    world: World, forks: Forks, every: bool
) -> None:
    async def scene(die_at: int, moment: Moment) -> tuple[bool, int]:
        visit, payment, paid = await begun(world)
        event = next(e for e in reversed(await world.webhooks()) if paid["razorpay_payment_id"] in e["body"])
        secret = world.account.webhook_secret.encode()
        signed = hmac.new(secret, event["body"].encode(), hashlib.sha256).hexdigest()
        ended = await forks.run(visit, die_at, moment, "webhook", event["body"], signed, event["id"])
        stored = await world.db.fetchval(
            "SELECT count(*) FROM webhook_events WHERE event_id = $1", event["id"]
        )
        if not stored:  # nobody was answered, so it comes again
            await world.deliver(event)
        await go_on(world)
        (attempt,) = (await of_order(world, payment["order_id"]))["payments"]
        assert (await count(world, "payment.captured", attempt["id"]), visit.status) == (1, "confirmed")
        return ended

    await die_everywhere(scene, every=every)


@pytest.mark.failure_row(21, 33)
@ALL_OR_SPREAD
@pytest.mark.parametrize("part", [pytest.param("decide-refund", marks=pytest.mark.long), "refund"])
async def test_killed_while_money_goes_back_it_goes_back_once(
    world: World, forks: Forks, every: bool, part: str
) -> None:
    async def scene(die_at: int, moment: Moment) -> tuple[bool, int]:
        visit, payment, paid = await begun(world)
        await world.verify(visit, paid)
        await world.settle()
        key = f"{part}:{die_at}:{moment}"
        details: tuple[Any, ...] = ()
        if part == "refund":
            await world.refund(payment["payment_id"], PRICE, key)
        else:
            details = (payment["payment_id"], str(PRICE), key, str(ADMIN))
        ended = await forks.run(visit, die_at, moment, part, *details)
        if part == "decide-refund":  # whoever was not answered asks again
            answer = await world.refund(payment["payment_id"], PRICE, key)
            assert answer.status_code == 201, answer.text
        await go_on(world)
        (attempt,) = (await of_order(world, payment["order_id"]))["payments"]
        assert [refund["amount"] for refund in attempt["refunds"]] == [PRICE]
        shown = await world.payment(payment["payment_id"])
        assert (shown["status"], [refund["status"] for refund in shown["refunds"]]) == (
            "refunded",
            ["processed"],
        )
        told = [
            event
            for event in world.events
            if getattr(event, "payment_id", None) == UUID(payment["payment_id"])
        ]
        assert [event.type for event in told].count("REFUND_COMPLETED") == 1
        return ended

    await die_everywhere(scene, every=every)


@pytest.mark.failure_row(33, 53)
@ALL_OR_SPREAD
async def test_killed_while_a_doctor_is_paid_the_doctor_is_paid_once(
    world: World, forks: Forks, every: bool
) -> None:
    payer = Payer(world)
    doctor = await payer.doctor()

    async def scene(die_at: int, moment: Moment) -> tuple[bool, int]:
        payout_id = await payer.approved(doctor)
        ended = await forks.run(world.visit(), die_at, moment, "payout", payout_id)
        await payer.settled()
        assert (await payer.payout(payout_id))["status"] == "processed"
        made = (await world.sandbox.books(world.account)).payouts
        assert [p["status"] for p in made if p["reference_id"] == payout_id] == ["processed"]
        told = [event for event in world.events if str(getattr(event, "payout_id", "")) == payout_id]
        assert [event.type for event in told].count("PAYOUT_PROCESSED") == 1
        return ended

    await die_everywhere(scene, every=every)
