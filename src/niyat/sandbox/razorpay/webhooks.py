"""Webhook events: written to the books in the same transaction as what they tell, sent later by the courier.

The body is a snapshot, fixed byte for byte when the event happens. Like the vendor's own it escapes slashes,
and it mixes raw UTF-8 with \\u escapes, so that whoever re-serialises it before checking the signature fails.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import new_id
from niyat.sandbox.razorpay.merchants import Merchant

_ESCAPED = str.maketrans({"/": "\\/", "–": "\\u2013", "’": "\\u2019", "…": "\\u2026"})
_FIRST_STATE = {"deliver": "waiting", "hold": "held", "drop": "dropped"}


def publish(desk: Desk, event: str, entity_id: str, parts: Mapping[str, Mapping[str, object]]) -> None:
    """Write the event down, to be sent, held or dropped as the account's settings say.

    `parts` are the entities that it shows, by name, in the order of the vendor's `contains`.
    """
    merchant = desk.merchant
    payload = {name: _part(name, entity, event) for name, entity in parts.items()}
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


def _part(name: str, entity: Mapping[str, object], event: str) -> dict[str, object]:
    """Refund and dispute events show two amounts more of their payment, as the vendor's samples do; and
    `payment.dispute.action_required` shows the evidence beside the dispute instead of inside it.
    """
    shown = dict(entity)
    if name == "payment" and event.startswith(("refund.", "payment.dispute.")):
        shown |= {"amount_transferred": 0, "base_amount": entity["amount"]}
    if name == "dispute" and event == "payment.dispute.action_required":
        return {"evidence": shown.pop("evidence"), "entity": shown}
    return {"entity": shown}
