"""Refunds as the API finds and lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from niyat.sandbox.razorpay import fields, ledger, payments
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Page, Refund, collection
from niyat.sandbox.razorpay.errors import unknown_id
from niyat.sandbox.razorpay.refunds import fetch


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    """Newest first; filters `from` and `to`."""
    count, skip = fields.page_of(query)
    rows = desk.books.rows(
        "SELECT doc FROM refunds WHERE key_id = ? AND created_at BETWEEN ? AND ?"
        " ORDER BY seq DESC LIMIT ? OFFSET ?",
        desk.key_id,
        *fields.span_of(query),
        count,
        skip,
    )
    return collection([json.loads(row["doc"]) for row in rows])


def fetch_of_payment(desk: Desk, payment_id: str, refund_id: str) -> Refund:
    refund = fetch(desk, refund_id)
    if refund["payment_id"] != payment_id:
        raise unknown_id()
    return refund


def list_of_payment(desk: Desk, payment_id: str, query: Mapping[str, object]) -> Page:
    count, skip = fields.page_of(query)
    found = ledger.refunds_of_payment(desk.books, payments.fetch(desk, payment_id)["id"])
    return collection(found[skip : skip + count])
