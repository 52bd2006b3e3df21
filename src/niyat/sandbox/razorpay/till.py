"""Moves an open checkout on: the patient enters something, or decides what the bank shall say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, cast, get_args

from niyat.sandbox.razorpay import checkout, fields, orders, payments
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Method, Payment
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.instruments import BANKS, CANCELLED, CARDS, UPI_IDS, WALLETS, WRONG_OTP
from niyat.sandbox.razorpay.payments import Attempt, Failure
from niyat.sandbox.razorpay.sessions import Session

Deed = Literal["pay", "fail", "debit", "silence"]
"""As a patient pays; fail whatever was entered; take the money and vanish; the bank never answers."""
DEEDS: tuple[Deed, ...] = get_args(Deed)
METHODS: tuple[Method, ...] = get_args(Method)

_OTP = re.compile(r"[0-9]{4,10}")
_EXPIRY = re.compile(r"(0[1-9]|1[0-2]) ?/ ?([0-9]{2})")
_CVV = re.compile(r"[0-9]{3,4}")
_FAILED_ON_PURPOSE = Failure(description="The payment failed, as you asked.")


class NotPossible(Exception):
    """Something entered in a field is not possible; the patient corrects it and nothing has happened."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class _Instrument:
    method: Method
    name: str
    failure: Failure | None = None


def do(desk: Desk, session: Session, deed: Deed, form: Mapping[str, str]) -> None:
    """One press of a button. Raises NotPossible. A checkout that has ended stays as it is."""
    if session.state in ("paid", "gone"):
        return
    if session.state == "failed":
        if not session.retry:
            return
        session.state, session.payment_id, session.result = "choose", None, {}
    try:
        if session.payment_id is None:
            _begin_payment(desk, session, deed, form)
        else:
            payment = payments.fetch(desk, session.payment_id)
            _answer(desk, session, payment, deed, _objection(session, form))
    except Refusal as refusal:
        _refuse(session, refusal)


def _begin_payment(desk: Desk, session: Session, deed: Deed, form: Mapping[str, str]) -> None:
    method = cast(Method, form.get("method"))
    if method not in METHODS:
        raise NotPossible("method", "Choose how to pay.")
    entered = _entered(desk, method, form) if deed == "pay" else _Instrument(method, "")
    payment = payments.start(desk, orders.fetch(desk, session.order_id), _attempt(session, entered))
    session.payment_id, session.method = payment["id"], method
    if deed != "pay" or method == "upi":
        _answer(desk, session, payment, deed, entered.failure)
        return
    session.state = "otp" if method == "card" else "bank"
    session.refused_card = entered.name if entered.failure else None


def _answer(desk: Desk, session: Session, payment: Payment, deed: Deed, objection: Failure | None) -> None:
    if payment["status"] != "created":
        pass  # decided elsewhere meanwhile
    elif deed == "fail":
        payments.fail(desk, payment, CANCELLED if session.state == "otp" else _FAILED_ON_PURPOSE)
    elif deed == "pay" and objection is not None:
        payments.fail(desk, payment, objection)
    elif deed != "silence":
        checkout.answer_yes(desk, payment, force=False)
    session.result = checkout.handed_to_page(desk, payment)
    if "error" in session.result:
        session.state = "failed"
    else:
        session.state = "gone" if deed == "debit" else "paid"


def _objection(session: Session, form: Mapping[str, str]) -> Failure | None:
    if session.state != "otp":
        return None
    if not _OTP.fullmatch(form.get("otp", "").strip()):
        return WRONG_OTP
    return CARDS[session.refused_card][1] if session.refused_card else None


def _refuse(session: Session, refusal: Refusal) -> None:
    """Such as: the order is paid already. Nothing was begun."""
    session.state = "failed"
    session.result = {
        "error": {
            "code": "BAD_REQUEST_ERROR",
            "description": refusal.description,
            "source": "business",
            "step": "payment_initiation",
            "reason": "input_validation_failed",
            "metadata": {"order_id": session.order_id},
        }
    }


def _attempt(session: Session, entered: _Instrument) -> Attempt:
    usual = Attempt(entered.method)
    return replace(
        usual,
        instrument=entered.name or None,
        notes=fields.notes(session.notes) if session.notes else None,
        email=session.email or usual.email,
        contact=session.contact or usual.contact,
        description=session.description or usual.description,
    )


def _entered(desk: Desk, method: Method, form: Mapping[str, str]) -> _Instrument:
    match method:
        case "card":
            return _card(desk, form)
        case "upi":
            vpa = form.get("vpa", "").strip().lower()
            if vpa not in UPI_IDS:
                raise NotPossible("vpa", f"In test mode, enter {' or '.join(UPI_IDS)}.")
            return _Instrument("upi", vpa, UPI_IDS[vpa])
        case "netbanking":
            return _chosen("netbanking", "bank", BANKS, form)
        case "wallet":
            return _chosen("wallet", "wallet", WALLETS, form)


def _chosen(method: Method, field: str, possible: Mapping[str, str], form: Mapping[str, str]) -> _Instrument:
    if form.get(field) not in possible:
        raise NotPossible(field, "Choose one of the list.")
    return _Instrument(method, form[field])


def _card(desk: Desk, form: Mapping[str, str]) -> _Instrument:
    number = re.sub(r"[ -]", "", form.get("number", ""))
    if number not in CARDS:
        raise NotPossible("number", "In test mode, enter one of the test cards listed below.")
    expiry = _EXPIRY.fullmatch(form.get("expiry", "").strip())
    today = datetime.fromtimestamp(desk.now, UTC)
    if expiry is None or (2000 + int(expiry[2]), int(expiry[1])) < (today.year, today.month):
        raise NotPossible("expiry", "Enter a month and year to come, such as 12/30.")
    if not _CVV.fullmatch(form.get("cvv", "").strip()):
        raise NotPossible("cvv", "Enter three or four digits.")
    return _Instrument("card", number, CARDS[number][1])
