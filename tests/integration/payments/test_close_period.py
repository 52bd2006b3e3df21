"""Closing the books: what comes late is booked on the first open day, and the database sees to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import pytest_asyncio

from niyat.payments import postings
from niyat.payments.commands.close_period import close_period
from niyat.payments.commands.post import post
from niyat.payments.errors import PeriodClosed
from tests.support.payments_world import ADMIN, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox

KOLKATA = ZoneInfo("Asia/Kolkata")
LONG_AGO = datetime(2026, 3, 31, 18, 29, tzinfo=UTC)  # 23:59 in Kolkata
BOOKED = "SELECT booked_on FROM ledger_transactions WHERE external_key = $1"


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox) as running:
        yield running
        await running.audit()


async def posted(world: World, at: datetime) -> date:
    """The day on which a fact of that instant is booked."""
    posting = postings.correction(uuid4(), [("bank", 500), ("suspense", -500)])
    await world.db.run(post, posting, currency="INR", appointment_id=None, payment_id=None, at=at)
    booked: date = await world.db.fetchval(BOOKED, posting.key)
    return booked


async def close(world: World, until: date, **more: str) -> Json:
    answer = await world.ask(
        "POST", "/api/v1/ledger/periods/close", f"admin:{ADMIN}", {"until": str(until), "reason": "Year end"}, **more
    )  # fmt: skip
    return {"status": answer.status_code, **answer.json()}


@pytest.mark.failure_row(47)
async def test_a_day_begins_at_the_clinics_midnight(world: World) -> None:
    assert await posted(world, LONG_AGO) == date(2026, 3, 31)
    assert await posted(world, LONG_AGO + timedelta(minutes=1)) == date(2026, 4, 1)


async def test_a_fact_of_a_closed_period_is_booked_on_the_first_open_day_and_reports_stay_true(
    world: World,
) -> None:
    await posted(world, LONG_AGO)
    path = "/api/v1/ledger/balances?booked_until=2026-03-31"
    before = (await world.ask("GET", path, f"admin:{ADMIN}")).json()
    assert {row["account"]: row["balance"] for row in before["items"]} == {"bank": 500, "suspense": -500}
    closed = await close(world, date(2026, 3, 31))
    assert (closed["status"], closed["closed_until"], closed["closed_by"]) == (201, "2026-03-31", str(ADMIN))
    assert await posted(world, LONG_AGO) == date(2026, 4, 1)
    assert (await world.ask("GET", path, f"admin:{ADMIN}")).json() == before
    listed = (await world.ask("GET", "/api/v1/ledger/periods", f"admin:{ADMIN}")).json()
    assert [period["reason"] for period in listed["items"]] == ["Year end"]
    assert await world.db.fetchval("SELECT action FROM audit_log") == "close-period"


async def test_a_closing_only_moves_on_and_only_over_days_that_are_over(world: World) -> None:
    today = datetime.now(KOLKATA).date()
    assert (await close(world, today + timedelta(days=1)))["code"] == "period-not-over"
    await close(world, date(2026, 3, 31))
    for until in (date(2026, 3, 31), date(2026, 2, 28)):
        assert (await close(world, until))["code"] == "period-closed"
    assert (await close(world, date(2026, 4, 30)))["status"] == 201


async def test_a_closing_waits_for_postings_on_their_way(world: World) -> None:
    posting = postings.correction(uuid4(), [("bank", 1), ("suspense", -1)])
    async with world.db.pool.acquire() as conn, conn.transaction():
        await post(conn, posting, currency="INR", appointment_id=None, payment_id=None, at=LONG_AGO)
        closing = asyncio.create_task(close(world, date(2026, 3, 31)))
        while not await conn.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ):
            assert not closing.done()
    assert (await closing)["status"] == 201
    assert await world.db.fetchval(BOOKED, posting.key) == date(2026, 3, 31)


async def test_the_database_books_by_itself_and_forgets_no_closing(world: World) -> None:
    await close(world, date(2026, 3, 31))
    insert = """
        WITH t AS (INSERT INTO ledger_transactions (external_key, event_at, booked_on)
            VALUES ('x', $1, '2026-03-01') RETURNING id, booked_on),
        e AS (INSERT INTO ledger_entries (transaction_id, account, amount, currency)
            SELECT id, account, amount, 'INR' FROM t, (VALUES ('bank', 1), ('suspense', -1)) e (account, amount))
        SELECT booked_on FROM t
    """
    assert await world.db.fetchval(insert, LONG_AGO) == date(2026, 4, 1)
    for statement in ("UPDATE ledger_periods SET closed_until = '2020-01-01'", "DELETE FROM ledger_periods"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.db.execute(statement)
    with pytest.raises(PeriodClosed):
        await world.db.run(close_period, date(2026, 1, 1), reason="back", actor_id=ADMIN)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "balances", None),
        ("GET", "entries", None),
        ("GET", "periods", None),
        ("GET", "export?format=csv", None),
        ("POST", "periods/close", {"until": "2026-03-31", "reason": "Year end"}),
        ("POST", "corrections", {"entries": [], "reason": "Year end"}),
    ],
)
async def test_the_books_are_administrators_alone(world: World, method: str, path: str, body: Json) -> None:
    for who in (f"patient:{uuid4()}", f"doctor:{uuid4()}"):
        answer = await world.ask(method, f"/api/v1/ledger/{path}", who, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
