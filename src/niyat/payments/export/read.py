"""Reads the ledger for an export: one snapshot, in the order of the books, never all of it in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Connection, Database

TRANSACTIONS = """
SELECT t.id, t.external_key, t.booked_on, t.event_at, t.created_at, t.appointment_id, t.payment_id, t.refund_id,
    t.doctor_id, array_agg(e.account ORDER BY e.id) AS accounts, array_agg(e.amount ORDER BY e.id) AS amounts,
    array_agg(e.currency ORDER BY e.id) AS currencies
FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
WHERE ($1::date IS NULL OR t.booked_on >= $1) AND ($2::date IS NULL OR t.booked_on <= $2)
GROUP BY t.id ORDER BY t.booked_on, t.id
"""
FIRST_AND_LAST = """
SELECT min(booked_on), max(booked_on) FROM ledger_transactions
WHERE ($1::date IS NULL OR booked_on >= $1) AND ($2::date IS NULL OR booked_on <= $2)
"""
BALANCES = "SELECT account, currency, balance FROM ledger_balances($1, NULL)"
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of the ledger with its entries: (account, amount in minor units, currency)."""

    id: int
    external_key: str
    booked_on: date
    event_at: datetime
    created_at: datetime
    links: Mapping[str, UUID]  # "appointment_id" → …, those it has
    entries: Sequence[tuple[str, int, str]]


Balances = Mapping[tuple[str, str], int]
"""(account, currency) → minor units, debit above zero."""


@dataclass(frozen=True, slots=True)
class Books:
    """What an export is made of. `kinds`: the account plan; `opening`, `closing`: balances around its days."""

    first: date | None
    last: date | None
    kinds: Mapping[str, str]
    opening: Balances
    closing: Balances
    transactions: Callable[[], AsyncIterator[Transaction]]


@asynccontextmanager
async def read_books(db: Database, from_day: date | None, to_day: date | None) -> AsyncIterator[Books]:
    """The books of those days, both included, as they stand at this moment."""
    async with (
        db.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        bounds = await conn.fetchrow(FIRST_AND_LAST, from_day, to_day)
        plan = await conn.fetch("SELECT account, kind FROM ledger_accounts ORDER BY account")
        yield Books(
            first=from_day or (bounds[0] if bounds else None),
            last=to_day or (bounds[1] if bounds else None),
            kinds={row["account"]: row["kind"] for row in plan},
            opening=await _balances_before(conn, from_day),
            closing=_balances(await conn.fetch(BALANCES, to_day)),
            transactions=lambda: _transactions(conn, from_day, to_day),
        )


async def _balances_before(conn: Connection, day: date | None) -> Balances:
    return {} if day is None else _balances(await conn.fetch(BALANCES, date.fromordinal(day.toordinal() - 1)))


def _balances(rows: Sequence[Any]) -> Balances:
    return {(row["account"], row["currency"]): row["balance"] for row in rows}


async def _transactions(
    conn: Connection, from_day: date | None, to_day: date | None
) -> AsyncIterator[Transaction]:
    async for row in conn.cursor(TRANSACTIONS, from_day, to_day, prefetch=AT_ONCE):
        links = ("appointment_id", "payment_id", "refund_id", "doctor_id")
        yield Transaction(
            row["id"], row["external_key"], row["booked_on"], row["event_at"], row["created_at"],
            {name: row[name] for name in links if row[name]},
            list(zip(row["accounts"], row["amounts"], row["currencies"], strict=True)),
        )  # fmt: skip
