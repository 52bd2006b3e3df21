"""Settlements: what the gateway owes the merchant goes to the bank: created → processed or failed.

https://razorpay.com/docs/payments/settlements — captured payments less their fees, refunds and disputes; the
normal cycle is T+2 working days (here: days of the week but Saturday and Sunday, at nine in India). A failed
settlement sets its items free for the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Literal, TypedDict
from zoneinfo import ZoneInfo

from niyat.sandbox.razorpay import recon, store, webhooks
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Page, digits, new_id
from niyat.sandbox.razorpay.errors import Refusal

_LEAST = 100
_INDIA = ZoneInfo("Asia/Kolkata")
_HOUR = time(9)


class Settlement(TypedDict):
    id: str
    entity: Literal["settlement"]
    amount: int
    status: Literal["created", "processed", "failed"]
    fees: int
    tax: int
    utr: str | None
    created_at: int


def settle(desk: Desk, before: float | None = None) -> Settlement:
    """A settlement of everything unsettled, or of what happened up to `before`. Raises Refusal when that is
    less than one rupee.
    """
    limit = desk.now if before is None else before
    row = desk.books.row(
        "SELECT ifnull(sum(credit - debit), 0) AS net FROM balance_items"
        " WHERE key_id = ? AND settlement_id IS NULL AND at <= ?",
        desk.key_id,
        limit,
    )
    net = int(row["net"]) if row else 0
    if net < _LEAST:
        raise Refusal("Minimum amount that can be settled is ₹ 1.", validation=False)
    settlement = Settlement(
        id=new_id("setl"),
        entity="settlement",
        amount=net,
        status="created",
        fees=0,
        tax=0,
        utr=None,
        created_at=desk.at,
    )
    store.add(desk, "settlement", settlement)
    desk.books.run(
        "UPDATE balance_items SET settlement_id = ? WHERE key_id = ? AND settlement_id IS NULL AND at <= ?",
        settlement["id"],
        desk.key_id,
        limit,
    )
    desk.note("settlement.created", settlement["id"], net)
    return settlement


def process(desk: Desk, settlement: Settlement) -> None:
    """The transfer to the bank is under way, and the report shows its rows."""
    _require_created(settlement)
    settlement["status"] = "processed"
    settlement["utr"] = utr = f"{desk.at}{digits(6)}"
    store.save(desk, settlement)
    recon.write(desk, settlement["id"], utr)
    desk.note("settlement.processed", settlement["id"], settlement["amount"])
    webhooks.publish(desk, "settlement.processed", settlement["id"], {"settlement": settlement})


def fail(desk: Desk, settlement: Settlement) -> None:
    """The bank refused. No webhook tells of it."""
    _require_created(settlement)
    settlement["status"] = "failed"
    store.save(desk, settlement)
    desk.books.run("UPDATE balance_items SET settlement_id = NULL WHERE settlement_id = ?", settlement["id"])
    desk.note("settlement.failed", settlement["id"], settlement["amount"])


def due_at(happened_at: float, days: int) -> float:
    """When money of that moment is settled by the cycle of so many working days."""
    day = datetime.fromtimestamp(happened_at, _INDIA).date()
    while days > 0 or day.weekday() > 4:
        day += timedelta(days=1)
        days -= day.weekday() <= 4
    return datetime.combine(day, _HOUR, _INDIA).timestamp()


def fetch(desk: Desk, settlement_id: str) -> Settlement:
    found: Settlement = store.fetch(desk, "settlement", settlement_id)
    return found


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    return store.listed(desk, "settlement", query)


def _require_created(settlement: Settlement) -> None:
    if settlement["status"] != "created":
        raise Refusal(f"The settlement is {settlement['status']} already", validation=False)
