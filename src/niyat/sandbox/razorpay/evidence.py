"""What a merchant says and shows against a dispute. https://razorpay.com/docs/api/disputes/contest"""

from __future__ import annotations

from typing import TypedDict, cast

from niyat.sandbox.razorpay import documents, fields
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.errors import Refusal

PROOFS = (
    "shipping_proof",
    "billing_proof",
    "cancellation_proof",
    "customer_communication",
    "proof_of_service",
    "explanation_letter",
    "refund_confirmation",
    "access_activity_log",
    "refund_cancellation_policy",
    "term_and_conditions",
)
FIELDS = frozenset({"amount", "summary", "others", "action", *PROOFS})
_MAX_SUMMARY = 1000


class Other(TypedDict):
    type: str
    document_ids: list[str]


class Evidence(TypedDict):
    amount: int
    summary: str | None
    shipping_proof: list[str] | None
    billing_proof: list[str] | None
    cancellation_proof: list[str] | None
    customer_communication: list[str] | None
    proof_of_service: list[str] | None
    explanation_letter: list[str] | None
    refund_confirmation: list[str] | None
    access_activity_log: list[str] | None
    refund_cancellation_policy: list[str] | None
    term_and_conditions: list[str] | None
    others: list[Other] | None
    submitted_at: int | None


def none_yet(amount: int) -> Evidence:
    """The whole amount is contested unless the merchant says otherwise."""
    empty = {"amount": amount, "summary": None, **dict.fromkeys(PROOFS), "others": None, "submitted_at": None}
    return cast(Evidence, empty)


def extended(desk: Desk, present: Evidence, body: fields.Body, disputed: int) -> Evidence:
    """The evidence with what `body` brings; fields left out keep their value."""
    changes: dict[str, object] = {}
    if "amount" in body:
        changes["amount"] = fields.whole_number(body, "amount", disputed, 0)
        if cast(int, changes["amount"]) > disputed:
            raise Refusal("contest amount cannot be greater than dispute amount.", field="amount")
    if "summary" in body:
        changes["summary"] = fields.text(body, "summary", _MAX_SUMMARY)
    for proof in PROOFS:
        if proof in body:
            changes[proof] = _ids(desk, body[proof], proof)
    if "others" in body:
        changes["others"] = _others(desk, body["others"])
    return cast(Evidence, {**present, **changes})


def has_document(evidence: Evidence) -> bool:
    return any(evidence[proof] for proof in PROOFS) or bool(evidence["others"])  # type: ignore[literal-required]


def _ids(desk: Desk, value: object, field: str) -> list[str] | None:
    if not value:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refusal(f"The {field} must be an array.", field=field)
    documents.require(desk, value)
    return value


def _others(desk: Desk, value: object) -> list[Other] | None:
    if not value:
        return None
    if not isinstance(value, list):
        raise Refusal("The others must be an array.", field="others")
    found = []
    for one in value:
        given = fields.sub_object(one, "others", frozenset({"type", "document_ids"}))
        kind = fields.text(given, "type", 255, required=True)
        found.append(
            Other(type=str(kind), document_ids=_ids(desk, given.get("document_ids"), "others") or [])
        )
    return found
