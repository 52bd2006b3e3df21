"""The promise across services: what appointments believes against what payments holds and notifications planned.

The databases are read one after the other, so what changed within the age may still be on its way and
is left out; what is left is compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

Connections: TypeAlias = "Mapping[str, asyncpg.Connection[asyncpg.Record]]"
Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Sequence[Row]

APPOINTMENTS = """
SELECT id AS appointment_id, status, secured_by, quoted_amount, price_amount, currency, amount_owed_back, no_show_party,
       updated_at <= niyat_now() - make_interval(secs => $1) AS settled
FROM appointments
"""
CAPTURED = """
SELECT v.appointment_id, v.id AS payment_id, v.captured_amount, v.owed_back, v.refunding, v.exception, v.step,
       p.currency, v.updated_at <= niyat_now() - make_interval(secs => $1) AS settled
FROM audit_captured_payments v JOIN payment_transactions p ON p.payment_id = v.id
"""

ATTENDED = frozenset({"confirmed", "completed", "no-show"})


PLANNED = """
SELECT DISTINCT appointment_id, type FROM scheduled_notifications
WHERE type IN ('APPOINTMENT_CONFIRMED', 'APPOINTMENT_NO_SHOW')
"""


@dataclass(frozen=True)
class Seen:
    """What was read: paid and free appointments by id, captured attempts, and which messages of which are planned."""

    booked: Mapping[UUID, Row]
    captured: Rows
    planned: frozenset[tuple[UUID, str]]


async def look(connections: Connections, age_seconds: float) -> Seen:
    """Read what the checks compare; money first, so that what moves on meanwhile moves towards agreement."""
    captured = [dict(row) for row in await connections["payments"].fetch(CAPTURED, age_seconds)]
    booked = [dict(row) for row in await connections["appointments"].fetch(APPOINTMENTS, age_seconds)]
    planned = await connections["notifications"].fetch(PLANNED)
    return Seen(
        {row["appointment_id"]: row for row in booked},
        captured,
        frozenset((row["appointment_id"], row["type"]) for row in planned),
    )


@dataclass(frozen=True)
class BetweenCheck:
    """`finds` returns what breaks the promise in what was seen."""

    name: str
    promise: str
    finds: Callable[[Seen], Rows]


def money_without_a_booking(seen: Seen) -> Rows:
    """Captured money that is neither on the appointment it was paid for, nor going back, nor a named exception."""
    return [
        {**money, "status": visit["status"] if visit else None}
        for money in seen.captured
        if money["settled"]
        and not money["exception"]
        and not ((visit := seen.booked.get(money["appointment_id"])) and not visit["settled"])
        and money["refunding"] < _owed_back(visit, money)
    ]


def bookings_without_money(seen: Seen) -> Rows:
    """Paid visits that stand although their price was never captured by the payment that secured them."""
    kept = [money for money in seen.captured if money["step"] == "kept"]
    paid = {(money["appointment_id"], money["payment_id"]): money for money in kept}
    return [
        visit
        for visit in seen.booked.values()
        if visit["settled"]
        and visit["quoted_amount"]
        and visit["status"] in ATTENDED
        and not _pays(visit, paid.get((visit["appointment_id"], visit["secured_by"])))
    ]


def bookings_nobody_was_told_of(seen: Seen) -> Rows:
    """Confirmed visits for which notifications has planned no confirmation."""
    return [
        visit
        for visit in seen.booked.values()
        if visit["settled"]
        and visit["status"] == "confirmed"
        and not _is_told(seen, visit, "APPOINTMENT_CONFIRMED")
    ]


def absent_doctors_nobody_was_told_of(seen: Seen) -> Rows:
    """Visits to which the doctor did not come, for which notifications has planned no word to the patient."""
    return [
        visit
        for visit in seen.booked.values()
        if visit["settled"]
        and visit["no_show_party"] == "doctor"
        and not _is_told(seen, visit, "APPOINTMENT_NO_SHOW")
    ]


def _is_told(seen: Seen, visit: Row, kind: str) -> bool:
    return (visit["appointment_id"], kind) in seen.planned


def _is_paid_by(visit: Row, money: Row) -> bool:
    return (
        visit["status"] in ATTENDED and visit["secured_by"] == money["payment_id"] and money["step"] == "kept"
    )


def _owed_back(visit: Row | None, money: Row) -> int:
    """All of it, but for the payment of a visit that stood: then what its moves and its end give back."""
    captured = int(money["captured_amount"])
    if visit is None or visit["secured_by"] != money["payment_id"]:
        return captured
    if visit["status"] == "cancelled" or _is_paid_by(visit, money):
        moved = int(visit["quoted_amount"]) - int(visit["price_amount"])
        return min(moved + int(visit["amount_owed_back"] or 0), captured)
    return captured


def _pays(visit: Row, money: Row | None) -> bool:
    return (
        money is not None
        and money["captured_amount"] == visit["quoted_amount"]
        and money["currency"] == visit["currency"]
    )


BETWEEN = (
    BetweenCheck(
        "no-money-without-a-booking",
        "Every captured payment is on an appointment that stands, or goes back, as far as it is owed, or is excused.",
        money_without_a_booking,
    ),
    BetweenCheck(
        "no-booking-without-money",
        "Every paid appointment that stands was paid in full by the payment that secured it.",
        bookings_without_money,
    ),
    BetweenCheck(
        "no-booking-untold",
        "Every confirmed appointment has its confirmation planned.",
        bookings_nobody_was_told_of,
    ),
    BetweenCheck(
        "no-absent-doctor-untold",
        "Every patient whose doctor did not come has a word about it planned.",
        absent_doctors_nobody_was_told_of,
    ),
)
