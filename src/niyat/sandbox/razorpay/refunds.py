"""Refunds: pending → processed or failed; a processed one may still fail later.

https://razorpay.com/docs/api/refunds/create-normal, …/create-instant and …/normal-refunds-idempotent
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from niyat.sandbox.razorpay import balance, fields, ledger, payments, webhooks
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Notes, Page, Payment, Refund, collection, digits, new_id
from niyat.sandbox.razorpay.errors import Refusal, unknown_id

FIELDS = frozenset({"amount", "speed", "notes", "receipt"})
_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{10,}")
_SIX_MONTHS_SECONDS = 183 * 86400


def create(desk: Desk, payment_id: str, body: fields.Body, idempotency_key: str | None) -> Refund:
    """POST /payments/{id}/refund. The same key with the same body gives the same refund again."""
    payment = payments.fetch(desk, payment_id)
    fingerprint = json.dumps([payment_id, body], sort_keys=True)
    if idempotency_key is not None:
        check_key(idempotency_key)
        earlier = _by_key(desk, idempotency_key, fingerprint)
        if earlier is not None:
            return earlier
    speed = body.get("speed", "normal")
    if speed not in ("normal", "optimum"):
        raise Refusal("The selected speed is invalid.", field="speed")
    receipt, notes = fields.receipt(body.get("receipt")), fields.notes(body.get("notes"))
    if not payment["captured"]:
        raise Refusal("The payment status should be captured for action to be taken", validation=False)
    instantly = speed == "optimum" and desk.merchant.instant_refunds == "possible"
    amount = _refundable(payment, body.get("amount"))
    _require_young(desk, payment, instantly=instantly)
    refund = _new(desk, payment, amount, notes, receipt)
    refund["speed_requested"] = "optimum" if speed == "optimum" else "normal"
    refund["speed_processed"] = "instant" if instantly else "normal"
    fee, tax = instant_fee(amount) if instantly else (0, 0)
    balance.require(desk, amount + fee)
    _open(desk, payment, refund, idempotency_key, fingerprint)
    balance.refunded(desk, refund["id"], amount, fee, tax)
    if speed == "optimum" and not instantly:
        _settle(desk, refund, "refund.speed_changed")
    if desk.merchant.refund_mode == "auto":
        process(desk, refund)
    return refund


def check_key(idempotency_key: str) -> None:
    if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
        raise Refusal(
            "The idempotency key must be at least 10 characters long and can contain"
            " alphabets, numbers, hyphens and underscores only",
            validation=False,
        )


def give_back_uncaptured(desk: Desk, payment: Payment) -> Refund:
    """What Razorpay itself does with an authorized payment at its window's end, or with a late second one."""
    if payment["status"] != "authorized":
        raise Refusal("Only an authorized payment is refunded automatically", validation=False)
    refund = _new(desk, payment, payment["amount"], [], None)
    row = desk.books.row("SELECT refund_speed FROM orders WHERE id = ?", payment["order_id"])
    if row is not None and row["refund_speed"] == "optimum":
        refund["speed_requested"] = "optimum"
    _open(desk, payment, refund, None, None)
    process(desk, refund)
    return refund


def instant_fee(amount: int) -> tuple[int, int]:
    """What an instant refund costs, with the GST inside it: ₹5, above ₹1,000 ₹7, above ₹25,000 ₹12, and
    18 % on top. The vendor's price list gives the shape; the amounts are this sandbox's own.
    """
    base = 500 if amount <= 1_000_00 else 700 if amount <= 25_000_00 else 1200
    tax = base * 18 // 100
    return base + tax, tax


def slow_down(desk: Desk, refund: Refund) -> None:
    """An instant refund turns out impossible: it goes on at the normal speed, and its fee comes back.

    https://razorpay.com/docs/payments/refunds/instant
    """
    if refund["status"] != "pending" or refund["speed_processed"] != "instant":
        raise Refusal("Only a pending instant refund can change its speed", validation=False)
    refund["speed_processed"] = "normal"
    _return_fee(desk, refund)
    _settle(desk, refund, "refund.speed_changed")


def process(desk: Desk, refund: Refund) -> None:
    """The money is on its way; the bank's reference (`arn`) may come later still."""
    if refund["status"] != "pending":
        raise Refusal("Only a pending refund can be processed", validation=False)
    refund["status"] = "processed"
    reference = "rrn" if refund["speed_processed"] == "instant" else "arn"
    refund["acquirer_data"] = {reference: digits(14)}
    _settle(desk, refund, "refund.processed")


def fail(desk: Desk, refund: Refund) -> None:
    """The bank refused, now or after it was called processed: the payment counts as not refunded again."""
    if refund["status"] == "failed":
        raise Refusal("The refund has failed already", validation=False)
    refund["status"] = "failed"
    payment = payments.fetch(desk, refund["payment_id"])
    _count_refunded(payment, -refund["amount"])
    ledger.save_payment(desk.books, payment)
    if payment["captured"]:
        balance.adjusted(desk, refund["amount"], f"Reversal of failed refund {refund['id']}")
        if refund["speed_processed"] == "instant":
            _return_fee(desk, refund)
    _settle(desk, refund, "refund.failed")


def fetch(desk: Desk, refund_id: str) -> Refund:
    refund = ledger.find_refund(desk.books, desk.key_id, refund_id)
    if refund is None:
        raise unknown_id()
    return refund


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


def edit(desk: Desk, refund_id: str, body: fields.Body) -> Refund:
    """Replace the notes; nothing else of a refund can change."""
    refund = fetch(desk, refund_id)
    if "notes" not in body:
        raise Refusal("The notes field is required", field="notes")
    refund["notes"] = fields.notes(body["notes"])
    ledger.save_refund(desk.books, refund)
    return refund


def fetch_of_payment(desk: Desk, payment_id: str, refund_id: str) -> Refund:
    refund = fetch(desk, refund_id)
    if refund["payment_id"] != payment_id:
        raise unknown_id()
    return refund


def list_of_payment(desk: Desk, payment_id: str, query: Mapping[str, object]) -> Page:
    count, skip = fields.page_of(query)
    found = ledger.refunds_of_payment(desk.books, payments.fetch(desk, payment_id)["id"])
    return collection(found[skip : skip + count])


def _by_key(desk: Desk, key: str, fingerprint: str) -> Refund | None:
    row = desk.books.row(
        "SELECT doc, idempotency_body FROM refunds WHERE key_id = ? AND idempotency_key = ?", desk.key_id, key
    )
    if row is None:
        return None
    if row["idempotency_body"] != fingerprint:
        raise Refusal(
            "Different request with the same idempotency key has already been processed.",
            status=409,
            validation=False,
        )
    refund: Refund = json.loads(row["doc"])
    return refund


def _refundable(payment: Payment, asked: object) -> int:
    """The amount to give back: what is asked, or all that is left."""
    left = payment["amount"] - payment["amount_refunded"]
    if left <= 0:
        raise Refusal("The payment has been fully refunded already", validation=False)
    amount = left if asked is None else fields.amount(asked)
    if amount > left:
        raise Refusal(
            "The refund amount provided is greater than amount captured", field="amount", validation=False
        )
    return amount


def _require_young(desk: Desk, payment: Payment, *, instantly: bool) -> None:
    """Banks take no normal refund after six months; https://razorpay.com/docs/payments/refunds/errors."""
    if not instantly and desk.now - payment["created_at"] > _SIX_MONTHS_SECONDS:
        raise Refusal(
            "Refund is not supported by the bank because the payment is more than 6 months old", silent=True
        )


def _return_fee(desk: Desk, refund: Refund) -> None:
    fee, _ = instant_fee(refund["amount"])
    balance.adjusted(desk, fee, f"Fee of instant refund {refund['id']}")


def _new(desk: Desk, payment: Payment, amount: int, notes: Notes, receipt: str | None) -> Refund:
    return Refund(
        id=new_id("rfnd"),
        entity="refund",
        amount=amount,
        currency=payment["currency"],
        payment_id=payment["id"],
        notes=notes,
        receipt=receipt,
        acquirer_data={"arn": None},
        created_at=desk.at,
        batch_id=None,
        status="pending",
        speed_processed="normal",
        speed_requested="normal",
    )


def _open(
    desk: Desk, payment: Payment, refund: Refund, idempotency_key: str | None, fingerprint: str | None
) -> None:
    _count_refunded(payment, refund["amount"])
    ledger.save_payment(desk.books, payment)
    desk.books.run(
        "INSERT INTO refunds (id, key_id, payment_id, created_at, idempotency_key, idempotency_body, doc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        refund["id"],
        desk.key_id,
        payment["id"],
        desk.at,
        idempotency_key,
        fingerprint if idempotency_key is not None else None,
        json.dumps(refund),
    )
    _settle(desk, refund, "refund.created")


def _count_refunded(payment: Payment, change: int) -> None:
    payment["amount_refunded"] += change
    if payment["amount_refunded"] == payment["amount"]:
        payment["status"], payment["refund_status"] = "refunded", "full"
        return
    if payment["status"] == "refunded":
        payment["status"] = "captured" if payment["captured"] else "authorized"
    payment["refund_status"] = "partial" if payment["amount_refunded"] else None


def _settle(desk: Desk, refund: Refund, event: str) -> None:
    ledger.save_refund(desk.books, refund)
    desk.note(event, refund["id"], refund["amount"])
    payment = payments.fetch(desk, refund["payment_id"])
    webhooks.publish(desk, event, refund["id"], {"refund": refund, "payment": payment})
