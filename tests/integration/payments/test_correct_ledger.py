"""What matches nothing is moved by hand, once, with a reason; what belongs to bookings is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.support.payments_world import ADMIN, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox) as running:
        yield running
        await running.audit()


async def correct(world: World, *entries: tuple[str, int], key: str = "k", **more: Any) -> httpx.Response:
    said = {"entries": [{"account": account, "amount": amount} for account, amount in entries], **more}
    return await world.ask(
        "POST", "/api/v1/ledger/corrections", f"admin:{ADMIN}", {"reason": "Found in the bank's list", **said},
        headers={"idempotency-key": key},
    )  # fmt: skip


async def test_a_correction_is_posted_once_with_its_reason(world: World) -> None:
    first = await correct(world, ("bank", 700), ("suspense", -700))
    again = await correct(world, ("bank", 700), ("suspense", -700))
    assert first.status_code == 201
    assert again.json() == first.json()
    assert await world.ledger() == {"bank": 700, "suspense": -700}
    row = await world.db.fetchrow("SELECT action, reason, subject_id FROM audit_log")
    assert row is not None
    assert (row["action"], row["reason"]) == ("correct-ledger", "Found in the bank's list")
    assert first.json()["external_key"] == f"corr:{row['subject_id']}"


async def test_a_doctors_correction_is_on_the_doctors_statement(world: World) -> None:
    doctor_id = str(uuid4())
    assert (await correct(world, ("doctor_payable", -9), ("suspense", 9))).json()[
        "code"
    ] == "doctor-not-named"
    await correct(world, ("doctor_payable", -9), ("suspense", 9), doctor_id=doctor_id)
    path = f"/api/v1/ledger/entries?doctor_id={doctor_id}&account=doctor_payable"
    found = (await world.ask("GET", path, f"admin:{ADMIN}")).json()["items"]
    assert [(entry["amount"], entry["doctor_id"]) for entry in found] == [(-9, doctor_id)]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([("bank", 5), ("suspense", -4)], "correction-unbalanced"),
        ([("bank", 5), ("patient_deposit", -5)], "account-not-correctable"),
        ([("bank", 5), ("refund_pending", -5)], "account-not-correctable"),
        ([("bank", 5), ("petty_cash", -5)], "account-not-found"),
        ([("bank", 0)], "invalid-request"),
    ],
)
async def test_what_is_no_correction_is_refused_and_changes_nothing(
    world: World, entries: list[tuple[str, int]], code: str
) -> None:
    assert (await correct(world, *entries)).json()["code"] == code
    assert await world.ledger() == {}
    assert not await world.db.fetch("SELECT FROM audit_log")
