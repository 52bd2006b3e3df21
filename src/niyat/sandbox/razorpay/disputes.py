"""Disputes: open → under_review → won or lost; open → lost when accepted; closed ends a suspicion of fraud.

https://razorpay.com/docs/payments/disputes and …/api/disputes. Money is taken when a dispute is lost; of one
that is won, only the part that was not contested (the vendor's sample of a won dispute shows it deducted).
A bank that wants better evidence opens it again (`payment.dispute.action_required`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from niyat.sandbox.razorpay import balance, evidence, fields, payments, store, webhooks
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Page, new_id
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.evidence import Evidence

Phase = Literal["fraud", "retrieval", "chargeback", "pre_arbitration", "arbitration"]
Status = Literal["open", "under_review", "won", "lost", "closed"]
Verdict = Literal["won", "lost", "closed", "action-required"]

_OPEN: tuple[Status, ...] = ("open",)
_UNDECIDED: tuple[Status, ...] = ("open", "under_review")


class Dispute(TypedDict):
    id: str
    entity: Literal["dispute"]
    payment_id: str
    amount: int
    currency: str
    amount_deducted: int
    reason_code: str
    respond_by: int
    status: Status
    phase: Phase
    created_at: int
    evidence: Evidence


def open_(
    desk: Desk, payment_id: str, amount: int | None, phase: Phase, reason_code: str, respond_seconds: float
) -> Dispute:
    """The patient's bank objects to a captured payment, wholly or in part; also to one refunded already."""
    payment = payments.fetch(desk, payment_id)
    if not payment["captured"]:
        raise Refusal("Only a captured payment can be disputed", validation=False)
    disputed = payment["amount"] if amount is None else amount
    if not 0 < disputed <= payment["amount"]:
        raise Refusal("The disputed amount cannot be greater than the payment's", validation=False)
    dispute = Dispute(
        id=new_id("disp"),
        entity="dispute",
        payment_id=payment_id,
        amount=disputed,
        currency=payment["currency"],
        amount_deducted=0,
        reason_code=reason_code,
        respond_by=int(desk.now + respond_seconds),
        status="open",
        phase=phase,
        created_at=desk.at,
        evidence=evidence.none_yet(disputed),
    )
    store.add(desk, "dispute", dispute, payment_id)
    _tell(desk, dispute, "created")
    return dispute


def accept(desk: Desk, dispute_id: str, body: fields.Body) -> Dispute:
    """POST /disputes/{id}/accept: lost at once, for good."""
    if body:
        raise Refusal(f"{', '.join(sorted(body))} is/are not required and should not be sent")
    dispute = fetch(desk, dispute_id)
    _require_answerable(desk, dispute)
    decide(desk, dispute, "lost")
    return dispute


def contest(desk: Desk, dispute_id: str, body: fields.Body) -> Dispute:
    """PATCH /disputes/{id}/contest: keep evidence as a draft, or submit it with at least one document."""
    dispute = fetch(desk, dispute_id)
    _require_answerable(desk, dispute)
    action = body.get("action", "draft")
    if action not in ("draft", "submit"):
        raise Refusal("The selected action is invalid.", field="action")
    dispute["evidence"] = evidence.extended(desk, dispute["evidence"], body, dispute["amount"])
    if action == "draft":
        store.save(desk, dispute)
        return dispute
    if not evidence.has_document(dispute["evidence"]):
        raise Refusal("At least one document is required to submit the evidence")
    dispute["evidence"]["submitted_at"] = desk.at
    dispute["status"] = "under_review"
    _tell(desk, dispute, "under_review")
    return dispute


def decide(desk: Desk, dispute: Dispute, verdict: Verdict) -> None:
    """What the bank says in the end. Raises Refusal when it has said so already."""
    possible = ("under_review",) if verdict == "action-required" else _UNDECIDED
    if dispute["status"] not in possible:
        raise _not_now(dispute)
    if verdict == "action-required":
        dispute["status"] = "open"
        dispute["evidence"]["submitted_at"] = None
        _tell(desk, dispute, "action_required")
        return
    if verdict == "closed" and dispute["phase"] != "fraud":
        raise Refusal("Only a dispute of the phase fraud is closed", validation=False)
    dispute["status"] = verdict
    if verdict == "lost":
        _deduct(desk, dispute, dispute["amount"])
    elif verdict == "won":
        _deduct(desk, dispute, dispute["amount"] - dispute["evidence"]["amount"])
    _tell(desk, dispute, verdict)


def fetch(desk: Desk, dispute_id: str) -> Dispute:
    found: Dispute = store.fetch(desk, "dispute", dispute_id)
    return found


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    return store.listed(desk, "dispute", query)


def _deduct(desk: Desk, dispute: Dispute, amount: int) -> None:
    if amount:
        dispute["amount_deducted"] = amount
        balance.adjusted(desk, -amount, f"Debit for dispute {dispute['id']}", dispute["id"])


def _require_answerable(desk: Desk, dispute: Dispute) -> None:
    if dispute["status"] not in _OPEN:
        raise _not_now(dispute)
    if desk.now > dispute["respond_by"]:
        raise Refusal("Action not allowed as deadline to respond has elapsed.")


def _not_now(dispute: Dispute) -> Refusal:
    return Refusal(f"Action not allowed when dispute is in {dispute['status']} status.")


def _tell(desk: Desk, dispute: Dispute, happened: str) -> None:
    store.save(desk, dispute)
    desk.note(f"dispute.{happened}", dispute["id"], dispute["amount_deducted"] or dispute["amount"])
    payment = payments.fetch(desk, dispute["payment_id"])
    webhooks.publish(
        desk, f"payment.dispute.{happened}", dispute["id"], {"payment": payment, "dispute": dispute}
    )
