"""Reads and writes orders, payments and refunds in the books."""

from __future__ import annotations

import json
from typing import Literal, cast

from niyat.sandbox.books import Books
from niyat.sandbox.razorpay.entities import Order, Payment, Refund

Actor = Literal["api", "checkout", "dashboard", "razorpay"]


def find_order(books: Books, key_id: str, order_id: str) -> Order | None:
    row = books.row("SELECT doc FROM orders WHERE id = ? AND key_id = ?", order_id, key_id)
    return cast(Order, json.loads(row["doc"])) if row else None


def find_payment(books: Books, key_id: str, payment_id: str) -> Payment | None:
    row = books.row("SELECT doc FROM payments WHERE id = ? AND key_id = ?", payment_id, key_id)
    return cast(Payment, json.loads(row["doc"])) if row else None


def find_refund(books: Books, key_id: str, refund_id: str) -> Refund | None:
    row = books.row("SELECT doc FROM refunds WHERE id = ? AND key_id = ?", refund_id, key_id)
    return cast(Refund, json.loads(row["doc"])) if row else None


def payments_of_order(books: Books, order_id: str) -> list[Payment]:
    """Newest first, as the vendor lists."""
    rows = books.rows("SELECT doc FROM payments WHERE order_id = ? ORDER BY seq DESC", order_id)
    return [json.loads(row["doc"]) for row in rows]


def refunds_of_payment(books: Books, payment_id: str) -> list[Refund]:
    """Newest first."""
    rows = books.rows("SELECT doc FROM refunds WHERE payment_id = ? ORDER BY seq DESC", payment_id)
    return [json.loads(row["doc"]) for row in rows]


def key_of(books: Books, entity_id: str) -> str | None:
    """The account that an entity belongs to."""
    row = books.row(
        "SELECT key_id FROM orders WHERE id = ?1 UNION ALL SELECT key_id FROM payments WHERE id = ?1"
        " UNION ALL SELECT key_id FROM refunds WHERE id = ?1"
        " UNION ALL SELECT key_id FROM entities WHERE id = ?1",
        entity_id,
    )
    return row["key_id"] if row else None


def save_order(books: Books, order: Order) -> None:
    books.run("UPDATE orders SET doc = ? WHERE id = ?", json.dumps(order), order["id"])


def save_payment(books: Books, payment: Payment) -> None:
    books.run("UPDATE payments SET doc = ? WHERE id = ?", json.dumps(payment), payment["id"])


def save_refund(books: Books, refund: Refund) -> None:
    books.run("UPDATE refunds SET doc = ? WHERE id = ?", json.dumps(refund), refund["id"])
