"""`NIYAT_PAYMENTS_CAPTURE=automatic`: the provider captures at once, before a place is secured; nothing is lost by it.

The fixture ends each test with the audit. tests/integration/payments runs nearly everything with both settings.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox
from tests.support.system import Caller, System, running_system

PRICE = 50_000


@pytest_asyncio.fixture
async def system(
    databases: Databases, moving_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[System]:
    monkeypatch.setenv("NIYAT_PAYMENTS_CAPTURE", "automatic")
    async with running_system(databases, moving_sandbox) as running:
        yield running


async def book(system: System) -> tuple[Caller, Json, Json]:
    slot = (await system.slots(await system.doctor(fee_amount=PRICE)))[0]
    patient = await system.patient()
    return patient, slot, await system.book(patient, slot)


async def books(system: System) -> tuple[int, int, int]:
    """What the provider took, gave back, and how often it captured at somebody's request."""
    await system.settle()
    said = await system.sandbox.books(system.merchant)
    return said.captured, said.refunded, said.count("payment.captured")


async def test_a_booking_is_paid_at_once_and_confirmed(system: System) -> None:
    patient, _, booking = await book(system)
    await system.sandbox.pay(booking["payment"]["order_id"])
    confirmed = await system.becomes(patient, booking, "confirmed")
    assert confirmed["payment"]["status"] == "captured"
    assert await books(system) == (PRICE, 0, 1)


@pytest.mark.failure_row(1, 2)
async def test_late_money_takes_a_free_time_again_and_goes_back_in_full_once_where_it_is_gone(
    system: System,
) -> None:
    patient, slot, booking = await book(system)
    await system.clock.move(minutes=5, seconds=2)
    await system.becomes(patient, booking, "expired")
    rival = await system.patient()
    theirs = await system.book(rival, slot)
    await system.sandbox.pay(booking["payment"]["order_id"])
    assert await books(system) == (PRICE, PRICE, 1)
    assert (await system.appointment(patient, booking))["status"] == "expired"
    await system.clock.move(minutes=5, seconds=2)
    await system.becomes(rival, theirs, "expired")
    await system.sandbox.pay(theirs["payment"]["order_id"])
    await system.becomes(rival, theirs, "confirmed")
    assert await books(system) == (2 * PRICE, PRICE, 2)


async def test_captured_money_whose_confirmation_was_lost_is_held_asked_about_and_confirmed(
    system: System,
) -> None:
    """The sweep: the event never reaches appointments, so payments asks once two minutes have passed."""
    patient, _, booking = await book(system)
    owner = await asyncpg.connect(system.databases.superuser_url("appointments"))
    await owner.execute(LOSE_COMPLETED)
    await owner.close()
    await system.sandbox.pay(booking["payment"]["order_id"])
    assert await books(system) == (PRICE, 0, 1)
    assert (await system.appointment(patient, booking))["status"] == "pending-payment"
    await system.clock.move(minutes=2, seconds=2)
    await system.becomes(patient, booking, "confirmed")
    assert await books(system) == (PRICE, 0, 1)


LOSE_COMPLETED = """
CREATE FUNCTION lose_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.type = 'PAYMENT_COMPLETED' THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lose_completed BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION lose_completed();
"""
