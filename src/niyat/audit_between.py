"""The promise across services: what appointments believes about money against what payments holds.

Each check reads two databases one after the other, so what changed within the age may still be on its way and
is left out; what is left is compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

Connections: TypeAlias = "Mapping[str, asyncpg.Connection[asyncpg.Record]]"
Rows: TypeAlias = Sequence[Mapping[str, Any]]

APPOINTMENTS = """
SELECT id AS appointment_id, status, secured_by, price_amount, currency, amount_owed_back,
       updated_at <= niyat_now() - make_interval(secs => $1) AS settled
FROM appointments WHERE price_amount > 0
"""
CAPTURED = """
SELECT v.appointment_id, v.id AS payment_id, v.captured_amount, v.owed_back, v.refunding, v.exception, v.step,
       p.currency, v.updated_at <= niyat_now() - make_interval(secs => $1) AS settled
FROM audit_captured_payments v JOIN payment_transactions p ON p.payment_id = v.id
"""

ATTENDED = frozenset({"confirmed", "completed", "no-show"})


@dataclass(frozen=True)
class BetweenCheck:
    """`finds` gets the appointments by id and the captured attempts, and returns what breaks the promise."""

    name: str
    promise: str
    finds: Callable[[Mapping[Any, Any], Rows], Rows]

    async def broken(self, connections: Connections, age_seconds: float) -> Rows:
        captured = [dict(row) for row in await connections["payments"].fetch(CAPTURED, age_seconds)]
        booked = [dict(row) for row in await connections["appointments"].fetch(APPOINTMENTS, age_seconds)]
        return self.finds({row["appointment_id"]: row for row in booked}, captured)


def money_without_a_booking(booked: Mapping[Any, Any], captured: Rows) -> Rows:
    """Captured money that is neither on the appointment it was paid for, nor going back, nor a named exception."""
    return [
        {**money, "status": visit["status"] if visit else None}
        for money in captured
        if money["settled"]
        and not money["exception"]
        and not ((visit := booked.get(money["appointment_id"])) and not visit["settled"])
        and not (visit and _is_paid_by(visit, money))
        and money["refunding"] < _owed_back(visit, money)
    ]


def bookings_without_money(booked: Mapping[Any, Any], captured: Rows) -> Rows:
    """Paid visits that stand although their price was never captured by the payment that secured them."""
    paid = {(money["appointment_id"], money["payment_id"]): money for money in captured}
    return [
        visit
        for visit in booked.values()
        if visit["settled"]
        and visit["status"] in ATTENDED
        and not _pays(visit, paid.get((visit["appointment_id"], visit["secured_by"])))
    ]


def _is_paid_by(visit: Mapping[str, Any], money: Mapping[str, Any]) -> bool:
    return (
        visit["status"] in ATTENDED and visit["secured_by"] == money["payment_id"] and money["step"] == "kept"
    )


def _owed_back(visit: Mapping[str, Any] | None, money: Mapping[str, Any]) -> int:
    """All of it, but for the payment of a visit that was cancelled: then what appointments decided."""
    if visit and visit["status"] == "cancelled" and visit["secured_by"] == money["payment_id"]:
        return min(int(visit["amount_owed_back"]), int(money["captured_amount"]))
    return int(money["captured_amount"])


def _pays(visit: Mapping[str, Any], money: Mapping[str, Any] | None) -> bool:
    return (
        money is not None
        and money["captured_amount"] == visit["price_amount"]
        and money["currency"] == visit["currency"]
    )


BETWEEN = (
    BetweenCheck(
        "no-money-without-a-booking",
        "Every captured payment is a confirmed or completed appointment, or a refund, or a named exception.",
        money_without_a_booking,
    ),
    BetweenCheck(
        "no-booking-without-money",
        "Every paid appointment that stands was paid in full by the payment that secured it.",
        bookings_without_money,
    ),
)
