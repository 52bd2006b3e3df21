"""The reconciliation report: one row for each payment, refund and adjustment that a settlement paid.

https://razorpay.com/docs/api/settlements/fetch-recon — a day is one of India's calendar. On request the report
differs from what happened, as reports do: a row is missing, doubled, one paisa off, or of somebody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from sqlite3 import Row
from typing import Any, Literal
from zoneinfo import ZoneInfo

from niyat.sandbox.razorpay import fields, ledger
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Notes, Page, Payment, collection, new_id
from niyat.sandbox.razorpay.errors import Refusal

Flaw = Literal["missing", "doubled", "one-paisa-off", "unknown"]

_MOST = 1000
_INDIA = ZoneInfo("Asia/Kolkata")


def write(desk: Desk, settlement_id: str, utr: str) -> None:
    """The rows of a settlement that was just processed."""
    items = desk.books.rows("SELECT * FROM balance_items WHERE settlement_id = ? ORDER BY seq", settlement_id)
    for item in items:
        row = _row(desk, item, utr)
        _add(desk, settlement_id, row)


def report(desk: Desk, query: Mapping[str, object]) -> Page:
    """Rows of a month, or of a day of it, newest first."""
    count, skip = fields.page_of(query, most=_MOST)
    first, last = _period(query)
    rows = desk.books.rows(
        "SELECT doc FROM recon_rows WHERE key_id = ? AND settled_at >= ? AND settled_at < ?"
        " ORDER BY seq DESC LIMIT ? OFFSET ?",
        desk.key_id,
        first.timestamp(),
        last.timestamp(),
        count,
        skip,
    )
    return collection([json.loads(row["doc"]) for row in rows])


def spoil(desk: Desk, settlement_id: str, flaw: Flaw, entity_id: str | None) -> dict[str, Any]:
    """Make the report of a settlement wrong in one row (`entity_id`, or the oldest); that row as it was, or
    for `unknown` as it is. The settlement itself stays as it is.
    """
    found = desk.books.row(
        "SELECT seq, doc FROM recon_rows WHERE settlement_id = ?1 AND (?2 IS NULL OR entity_id = ?2)"
        " ORDER BY seq LIMIT 1",
        settlement_id,
        entity_id,
    )
    if found is None:
        raise Refusal("The report has no such row", validation=False)
    row: dict[str, Any] = json.loads(found["doc"])
    match flaw:
        case "missing":
            desk.books.run("DELETE FROM recon_rows WHERE seq = ?", found["seq"])
        case "doubled":
            _add(desk, settlement_id, row)
        case "one-paisa-off":
            side = "credit" if row["credit"] else "debit"
            off = json.dumps(row | {side: row[side] - 1})
            desk.books.run("UPDATE recon_rows SET doc = ? WHERE seq = ?", off, found["seq"])
        case "unknown":
            row |= {"entity_id": new_id("pay"), "order_id": new_id("order"), "order_receipt": None}
            _add(desk, settlement_id, row)
    return row


def _add(desk: Desk, settlement_id: str, row: dict[str, Any]) -> None:
    desk.books.run(
        "INSERT INTO recon_rows (key_id, settlement_id, entity_id, settled_at, doc) VALUES (?, ?, ?, ?, ?)",
        desk.key_id,
        settlement_id,
        row["entity_id"],
        row["settled_at"],
        json.dumps(row),
    )


def _row(desk: Desk, item: Row, utr: str) -> dict[str, Any]:
    shown = {
        "entity_id": item["entity_id"],
        "type": item["type"],
        "debit": item["debit"],
        "credit": item["credit"],
        "amount": item["amount"],
        "currency": "INR",
        "fee": item["fee"],
        "tax": item["tax"],
        "on_hold": False,
        "settled": True,
        "created_at": item["at"],
        "settled_at": desk.at,
        "settlement_id": item["settlement_id"],
        "posted_at": None,
        "credit_type": "default",
        "description": item["description"],
        "notes": None,
        "payment_id": None,
        "settlement_utr": utr,
        "order_id": None,
        "order_receipt": None,
        "method": None,
        "card_network": None,
        "card_issuer": None,
        "card_type": None,
        "dispute_id": item["dispute_id"],
    }
    if item["type"] == "adjustment":
        del shown["credit_type"]
        shown["settlement_utr"] = None
    elif item["type"] == "payment":
        payment = ledger.find_payment(desk.books, desk.key_id, item["entity_id"])
        if payment is not None:
            shown |= _of_payment(desk, payment)
            shown |= {"description": payment["description"], "notes": _note(payment["notes"])}
    else:
        refund = ledger.find_refund(desk.books, desk.key_id, item["entity_id"])
        payment = ledger.find_payment(desk.books, desk.key_id, refund["payment_id"]) if refund else None
        if refund is not None and payment is not None:
            shown |= _of_payment(desk, payment)
            shown |= {"payment_id": payment["id"], "notes": _note(refund["notes"])}
    return shown


def _of_payment(desk: Desk, payment: Payment) -> dict[str, Any]:
    order = ledger.find_order(desk.books, desk.key_id, payment["order_id"])
    card = payment.get("card")
    return {
        "order_id": payment["order_id"],
        "order_receipt": order["receipt"] if order else None,
        "method": payment["method"],
        "card_network": card["network"] if card else None,
        "card_issuer": card["issuer"] if card else None,
        "card_type": card["type"] if card else None,
    }


def _note(notes: Notes) -> str | None:
    """The vendor's sample shows a text here, not an object."""
    return ", ".join(notes.values()) if isinstance(notes, dict) else None


def _period(query: Mapping[str, object]) -> tuple[datetime, datetime]:
    for field in ("year", "month"):
        if not query.get(field):
            raise Refusal(f"The {field} field is required.", field=field)
    year, month, day = (_part(query, field) for field in ("year", "month", "day"))
    if not 1970 <= year <= 9998:
        raise Refusal("The year must be 4 digits.", field="year")
    if not 1 <= month <= 12:
        raise Refusal("The month is not a valid month.", field="month")
    first = datetime(year, month, 1, tzinfo=_INDIA)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=_INDIA)
    if query.get("day") is None:
        return first, after
    if not 1 <= day <= 31:
        raise Refusal("The day must be between 1 and 2 digits.", field="day")
    first += timedelta(days=day - 1)
    if first >= after:
        raise Refusal("The day is not a valid day.", field="day")
    return first.astimezone(UTC), (first + timedelta(days=1)).astimezone(UTC)


def _part(query: Mapping[str, object], field: str) -> int:
    """-1 for what is no number; the caller has the words for it."""
    value = str(query.get(field, "0"))
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 4 else -1
