"""Webhook events: written to the books in the same transaction as what they tell, sent later by the courier.

The body is a snapshot, fixed byte for byte when the event happens. Like the vendor's own it escapes slashes,
and it mixes raw UTF-8 with \\u escapes, so that whoever re-serialises it before checking the signature fails.
"""

from __future__ import annotations

import json
from typing import cast

from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Order, Payment, Refund, new_id
from niyat.sandbox.razorpay.merchants import Merchant

_ESCAPED = str.maketrans({"/": "\\/", "–": "\\u2013", "’": "\\u2019", "…": "\\u2026"})
_FIRST_STATE = {"deliver": "waiting", "hold": "held", "drop": "dropped"}


def publish(
    desk: Desk,
    event: str,
    entity_id: str,
    *,
    payment: Payment,
    refund: Refund | None = None,
    order: Order | None = None,
) -> None:
    """Write the event down, to be sent, held or dropped as the account's settings say."""
    merchant = desk.merchant
    payload: dict[str, dict[str, object]] = {}
    if refund is not None:
        payload["refund"] = {"entity": refund}
    payload["payment"] = {"entity": _as_in_webhooks(payment, event)}
    if order is not None:
        payload["order"] = {"entity": order}
    envelope = {
        "entity": "event",
        "account_id": merchant.account_id,
        "event": event,
        "contains": list(payload),
        "payload": payload,
        "created_at": desk.at,
    }
    desk.books.run(
        "INSERT INTO webhook_events"
        " (id, key_id, event, entity_id, body, secret, created_at, state, due_at, copies_left)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id("evt").removeprefix("evt_"),
        merchant.key_id,
        event,
        entity_id,
        encode(envelope),
        merchant.webhook_secret,
        desk.now,
        _first_state(merchant),
        desk.now + merchant.webhook_delay_seconds,
        1 + merchant.webhook_duplicate,
    )


def _first_state(merchant: Merchant) -> str:
    if not merchant.webhook_url:
        return "dropped"
    if merchant.webhook_disabled:
        return "held"
    return _FIRST_STATE[merchant.webhook_mode]


def encode(envelope: dict[str, object]) -> bytes:
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED).encode()


def _as_in_webhooks(payment: Payment, event: str) -> dict[str, object]:
    """Refund events show two amounts more, as the vendor's samples do."""
    shown = cast(dict[str, object], dict(payment))
    if event.startswith("refund."):
        shown |= {"amount_transferred": 0, "base_amount": payment["amount"]}
    return shown
