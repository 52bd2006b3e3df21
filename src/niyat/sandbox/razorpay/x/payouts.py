"""Payouts: pending or queued → processing → processed, failed or reversed.

https://razorpay.com/docs/api/x/payouts. The fee (₹5 and 18 % on it) and the amount leave the business account
when processing begins; a reversal returns both. The same idempotency key with the same body gives the present
payout again; a failed one is tried again with a new key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Literal, NotRequired, TypedDict

from niyat.sandbox.razorpay import fields, store, webhooks
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Notes, Page, digits, new_id
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.x import account, payout_keys, payout_request, payout_states
from niyat.sandbox.razorpay.x.payout_states import DETAILS, EVENTS, Details, Status

FEE, TAX = 590, 90


class Payout(TypedDict):
    id: str
    entity: Literal["payout"]
    fund_account_id: str
    fund_account: NotRequired[dict[str, Any]]
    amount: int
    currency: str
    notes: Notes
    fees: int
    tax: int
    status: Status
    utr: str | None
    mode: str
    purpose: str
    reference_id: str | None
    narration: str | None
    batch_id: None
    status_details: Details | None
    created_at: int
    fee_type: NotRequired[str]
    error: NotRequired[dict[str, None]]


def create(desk: Desk, body: fields.Body, idempotency_key: str | None) -> Payout:
    """POST /payouts. What the answer shows is the payout as it begins, even when it ends at once."""
    key = payout_keys.checked(idempotency_key)
    fingerprint = json.dumps(body, sort_keys=True)
    earlier = payout_keys.earlier(desk, key, fingerprint)
    if earlier is not None:
        return fetch(desk, earlier)
    wanted = payout_request.read(desk, body)
    affordable = account.balance(desk) >= wanted.amount + FEE
    approval = desk.merchant.payout_approval == "required"
    if not affordable and not wanted.queue and not approval:
        raise Refusal(
            "Your account does not have enough balance to carry out the payout operation.", validation=False
        )
    payout = _new(desk, wanted)
    store.add(desk, "payout", payout, wanted.account["id"])
    payout_keys.keep(desk, key, fingerprint, payout["id"])
    desk.note("payout.created", payout["id"], payout["amount"])
    if approval or not affordable:
        desk.note(EVENTS[payout["status"]], payout["id"], payout["amount"])
        _tell(desk, payout)
        return payout
    return begin(desk, payout)


def is_affordable(desk: Desk, payout: Payout) -> bool:
    return account.balance(desk) >= payout["amount"] + FEE


def begin(desk: Desk, payout: Payout) -> Payout:
    """Debit and start; the payout as it begins, even when it ends at once."""
    payout["fees"], payout["tax"], payout["fee_type"] = FEE, TAX, ""
    account.change(desk, -(payout["amount"] + FEE))
    _move(desk, payout, "processing", None)
    begun = deepcopy(payout)
    if desk.merchant.payout_mode == "auto":
        process(desk, payout)
    return begun


def process(desk: Desk, payout: Payout) -> None:
    """The contact's bank has it; `payout.updated` tells of its reference number."""
    payout["utr"] = digits(12)
    _move(desk, payout, "processed", None)
    webhooks.publish(desk, "payout.updated", payout["id"], {"payout": payout})


def fail(desk: Desk, payout: Payout, details: Details | None = None) -> None:
    """The partner bank refused: nothing was moved, and the business account has its money."""
    debited = payout["status"] == "processing"
    _move(desk, payout, "failed", details)
    if debited:
        account.change(desk, payout["amount"] + payout["fees"])


def reverse(desk: Desk, payout: Payout, details: Details | None = None) -> None:
    """The money comes back, also days after `processed`. Of a failed payout it is back already."""
    debited = payout["status"] != "failed"
    _move(desk, payout, "reversed", details)
    if debited:
        account.change(desk, payout["amount"] + payout["fees"])


def cancel(desk: Desk, payout_id: str) -> Payout:
    payout = fetch(desk, payout_id)
    if payout["status"] != "queued":
        raise Refusal("Payout cannot be cancelled as it is not in queued state", validation=False)
    _move(desk, payout, "cancelled", None)
    return payout


def approve(desk: Desk, payout_id: str, *, yes: bool) -> Payout:
    """https://razorpay.com/docs/api/x/payouts-approval"""
    payout = fetch(desk, payout_id)
    if payout["status"] != "pending":
        raise Refusal("Payout is not in pending state and cannot be approved or rejected.", validation=False)
    if not yes:
        _move(desk, payout, "rejected", None)
        return payout
    if is_affordable(desk, payout):
        return begin(desk, payout)
    _move(desk, payout, "queued", None)
    return payout


def fetch(desk: Desk, payout_id: str) -> Payout:
    found: Payout = store.fetch(desk, "payout", payout_id)
    return found


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    if query.get("account_number") != desk.merchant.payout_account_number:
        raise Refusal("The account number field is required", field="account_number")
    known = ("fund_account_id", "mode", "reference_id", "status")
    return store.listed(desk, "payout", query, {key: str(query[key]) for key in known if key in query})


def _new(desk: Desk, wanted: payout_request.Wanted) -> Payout:
    approval = desk.merchant.payout_approval == "required"
    first: Status = "pending" if approval else "queued"
    payout = Payout(
        id=new_id("pout"),
        entity="payout",
        fund_account_id=wanted.account["id"],
        amount=wanted.amount,
        currency=wanted.currency,
        notes=wanted.notes,
        fees=0,
        tax=0,
        status=first,
        utr=None,
        mode=wanted.mode,
        purpose=wanted.purpose,
        reference_id=wanted.reference_id,
        narration=wanted.narration,
        batch_id=None,
        status_details=DETAILS[first],
        created_at=desk.at,
    )
    if wanted.composite:
        payout["fund_account"] = {**wanted.account, "contact": wanted.contact}
        payout["fee_type"] = ""
        payout["error"] = {"description": None, "source": None, "reason": None}
    return payout


def _move(desk: Desk, payout: Payout, status: Status, details: Details | None) -> None:
    payout_states.require(payout["status"], status)
    payout["status"] = status
    payout["status_details"] = details or DETAILS[status]
    desk.note(f"payout.{status}", payout["id"], payout["amount"])
    _tell(desk, payout)


def _tell(desk: Desk, payout: Payout) -> None:
    store.save(desk, payout)
    event = EVENTS.get(payout["status"])
    if event is not None:
        webhooks.publish(desk, event, payout["id"], {"payout": payout})
