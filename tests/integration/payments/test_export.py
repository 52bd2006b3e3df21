"""A thousand bookings as CSV and as plain-text accounting, read by that tool's own loader."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest_asyncio
from beancount import loader
from beancount.core import data, realization

from niyat.kernel.db import Connection
from niyat.payments import postings
from niyat.payments.commands.post import earnings_of, post, sources_of
from niyat.payments.commission import Terms
from tests.support.payments_world import ADMIN, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox

SPACE = UUID(int=7)
DOCTORS = [uuid5(SPACE, f"doctor {n}") for n in range(20)]
START = datetime(2026, 1, 1, 6, tzinfo=UTC)
TERMS = Terms(Decimal("17.5"), Decimal(18))
CASE = """
INSERT INTO payment_cases (appointment_id, patient_id, doctor_id, amount, currency, commission_percent,
    commission_tax_percent) VALUES ($1, $1, $2, $3, $4, $5, $6)
"""


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox) as running:
        yield running


async def booking(conn: Connection, number: int) -> None:
    """A booking's money through the ledger's own commands: captured, its fee, earned, a part or all given back."""
    appointment_id, attempt = uuid5(SPACE, f"visit {number}"), f"pay_{number}"
    currency = "JPY" if number % 50 == 0 else "INR"
    amount, at = 30_001 + 37 * number, START + timedelta(hours=7 * number)
    await conn.execute(
        CASE,
        appointment_id,
        DOCTORS[number % 20],
        amount,
        currency,
        TERMS.commission_percent,
        TERMS.tax_percent,
    )

    async def write(posting: postings.Posting, days: int = 0) -> None:
        when = at + timedelta(days=days)
        await post(conn, posting, currency=currency, appointment_id=appointment_id, payment_id=None, at=when)

    await write(postings.captured(attempt, amount))
    await write(postings.fee(attempt, amount // 50, amount // 327))
    refund_id = uuid5(SPACE, f"refund {number}")
    if number % 3:
        await write(postings.earned(appointment_id, amount, await earnings_of(conn, appointment_id)), 2)
    if number % 5 == 0:
        back = amount if number % 10 else amount // 3
        sources = await sources_of(conn, appointment_id, attempt, back)
        await write(postings.refund_issued(refund_id, back, sources), 3)
        await write(postings.refund_processed(refund_id, back), 5)


async def thousand(world: World) -> None:
    async def some(conn: Connection, numbers: range) -> None:
        for number in numbers:
            await booking(conn, number)

    for first in range(0, 1000, 100):
        await world.db.run(some, range(first, first + 100))


async def exported(world: World, form: str, **days: str) -> str:
    answer = await world.ask(
        "GET", "/api/v1/ledger/export", f"admin:{ADMIN}", params={"format": form, **days}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def loaded(text: str) -> tuple[list[Any], dict[tuple[str, str], Decimal]]:
    """The entries as Beancount reads them, and its own balances; it must find no error."""
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    found: dict[tuple[str, str], Decimal] = {}
    for account in realization.iter_children(realization.realize(entries), True):
        for position in account.balance:
            found[account.account, position.units.currency] = position.units.number
    return entries, found


async def ours(world: World, until: str | None = None) -> dict[tuple[str, str], Decimal]:
    answer = await world.ask(
        "GET", "/api/v1/ledger/balances", f"admin:{ADMIN}", params={"booked_until": until} if until else {}
    )
    roots = {"asset": "Assets", "liability": "Liabilities", "income": "Income", "expense": "Expenses"}
    return {
        (f"{roots[row['kind']]}:{row['account'].title().replace('_', '-')}", row["currency"]):
        Decimal(row["balance"]) / (1 if row["currency"] == "JPY" else 100)
        for row in answer.json()["items"]
        if row["balance"]
    }  # fmt: skip


async def test_a_thousand_bookings_are_accepted_by_beancount_and_its_balances_are_ours(world: World) -> None:
    await thousand(world)
    text = await exported(world, "beancount")
    entries, found = loaded(text)
    transactions = [entry for entry in entries if isinstance(entry, data.Transaction)]
    keys = [entry.meta["external_key"] for entry in transactions]
    assert len(keys) == len(set(keys)) == await world.db.fetchval("SELECT count(*) FROM ledger_transactions")
    assert found == await ours(world)
    asserted = [entry for entry in entries if isinstance(entry, data.Balance)]
    assert {(entry.account, entry.amount.currency) for entry in asserted} >= set(found)
    one = next(entry for entry in transactions if entry.meta["external_key"] == "pay:pay_1:captured")
    visit = uuid5(SPACE, "visit 1")
    assert one.meta["appointment_id"] == str(visit)
    assert f"appointment-{visit}" in one.links
    assert await exported(world, "beancount") == text

    first, last = "2026-04-01", "2026-06-30"
    _, part = loaded(await exported(world, "beancount", **{"from": first, "to": last}))
    until, before = await ours(world, last), await ours(world, "2026-03-31")
    passing = {
        key: value - before.get(key, 0) for key, value in until.items() if key[0][:3] in ("Inc", "Exp")
    }
    kept = {key: value for key, value in until.items() if key not in passing}
    carried = {key: value for key, value in part.items() if key[0].startswith("Equity:")}
    assert part == {**kept, **passing, **carried}
    assert carried

    lines = list(csv.DictReader(io.StringIO(await exported(world, "csv"))))
    assert len(lines) == await world.db.fetchval("SELECT count(*) FROM ledger_entries")
    sums: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        key = (line["account"], line["currency"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0)
    assert sorted(value for value in sums.values() if value) == sorted(found.values())


async def test_beancount_notices_a_paisa_that_is_not_there(world: World) -> None:
    """The assertions are exact, so the reader's acceptance means something."""
    await world.db.run(booking, 1)
    text = await exported(world, "beancount")
    loaded(text)
    wrong = text.replace("300.38 INR", "300.39 INR", 1)
    assert wrong != text
    assert loader.load_string(wrong)[1]
    line = next(line for line in text.splitlines() if " balance Assets:Gateway-Clearing" in line)
    off = line.replace(line.split()[3], str(Decimal(line.split()[3]) + Decimal("0.01")))
    assert loader.load_string(text.replace(line, off))[1]


async def test_an_empty_ledger_and_days_the_wrong_way_round(world: World) -> None:
    assert loaded(await exported(world, "beancount"))[0] == []
    assert len((await exported(world, "csv")).splitlines()) == 1
    answer = await world.ask(
        "GET", "/api/v1/ledger/export?format=csv&from=2026-02-01&to=2026-01-01", f"admin:{ADMIN}"
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "to")


async def test_entries_come_in_pages_and_by_appointment_account_and_day(world: World) -> None:
    for number in (1, 2, 5):
        await world.db.run(booking, number)
    path, who = "/api/v1/ledger/entries", f"admin:{ADMIN}"
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await world.ask("GET", path, who, params={"limit": "4", **cursor})).json()
        seen += [entry["entry_id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == await world.db.fetchval("SELECT count(*) FROM ledger_entries")
    visit = str(uuid5(SPACE, "visit 5"))
    of = (
        await world.ask("GET", path, who, params={"appointment_id": visit, "account": "gateway_clearing"})
    ).json()
    assert {entry["external_key"] for entry in of["items"]} == {
        "pay:pay_5:captured", "pay:pay_5:fee", f"rfnd:{uuid5(SPACE, 'refund 5')}:processed",
    }  # fmt: skip
    assert {entry["doctor_id"] for entry in of["items"]} == {str(DOCTORS[5])}
    day = {"from": "2026-01-05", "to": "2026-01-05", "limit": "100"}
    booked = {entry["booked_on"] for entry in (await world.ask("GET", path, who, params=day)).json()["items"]}
    assert booked <= {"2026-01-05"}
    assert (await world.ask("GET", path, who, params={"cursor": "nonsense"})).status_code == 422
