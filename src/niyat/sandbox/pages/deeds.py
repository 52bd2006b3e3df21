"""What each button of the console does, by the kind of thing it stands at and its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import get_args

from niyat.sandbox.razorpay import checkout, disputes, downtimes, payments, recon, refunds, settlements
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Payment, Refund
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.ledger import Actor
from niyat.sandbox.razorpay.payments import Attempt, Failure
from niyat.sandbox.razorpay.settlements import Settlement
from niyat.sandbox.razorpay.x import account, payouts
from niyat.sandbox.razorpay.x.payouts import Payout

Deed = Callable[[Desk, str, Mapping[str, str]], object]

_RUPEES = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_TEN_DAYS_SECONDS = 10 * 86400


def _attempt(outcome: checkout.Outcome) -> Deed:
    return lambda desk, entity_id, form: checkout.pay(
        desk, entity_id, Attempt(method="upi"), outcome, Failure()
    )


def _to_payment(change: Callable[[Desk, Payment], object]) -> Deed:
    return lambda desk, entity_id, form: change(desk, payments.fetch(desk, entity_id))


def _to_refund(change: Callable[[Desk, Refund], object]) -> Deed:
    return lambda desk, entity_id, form: change(desk, refunds.fetch(desk, entity_id))


def rupees(form: Mapping[str, str]) -> int | None:
    """The amount that was entered, in paise; None for none."""
    text = form.get("rupees", "").replace(",", "").strip()
    if not text:
        return None
    if not _RUPEES.fullmatch(text):
        raise Refusal("Write the amount in rupees, such as 250 or 99.50.")
    return int(Decimal(text) * 100)


def _refund(desk: Desk, payment_id: str, form: Mapping[str, str]) -> object:
    """All that is left when no amount is given."""
    body: dict[str, object] = {"speed": "optimum"} if form.get("speed") == "optimum" else {}
    amount = rupees(form)
    return refunds.create(desk, payment_id, body | ({"amount": amount} if amount else {}), None)


def _dispute(desk: Desk, payment_id: str, form: Mapping[str, str]) -> object:
    phase: disputes.Phase = next(
        (one for one in get_args(disputes.Phase) if one == form.get("phase")), "chargeback"
    )
    return disputes.open_(
        desk, payment_id, rupees(form), phase, "goods_or_services_not_received", _TEN_DAYS_SECONDS
    )


def _to_dispute(verdict: disputes.Verdict) -> Deed:
    return lambda desk, entity_id, form: disputes.decide(desk, disputes.fetch(desk, entity_id), verdict)


def _to_settlement(change: Callable[[Desk, Settlement], object]) -> Deed:
    return lambda desk, entity_id, form: change(desk, settlements.fetch(desk, entity_id))


def _spoil(flaw: recon.Flaw) -> Deed:
    return lambda desk, entity_id, form: recon.spoil(desk, entity_id, flaw, None)


def _to_payout(change: Callable[[Desk, Payout], object]) -> Deed:
    return lambda desk, entity_id, form: change(desk, payouts.fetch(desk, entity_id))


ON_ENTITIES: Mapping[tuple[str, str], tuple[Actor, Deed]] = {
    ("order", "pay"): ("checkout", _attempt("authorized")),
    ("order", "fail"): ("checkout", _attempt("failed")),
    ("order", "pend"): ("checkout", _attempt("pending")),
    ("pay", "authorize"): (
        "razorpay",
        _to_payment(lambda desk, payment: checkout.answer_yes(desk, payment, force=False)),
    ),
    ("pay", "fail"): ("razorpay", _to_payment(lambda desk, payment: payments.fail(desk, payment, Failure()))),
    ("pay", "capture"): ("dashboard", _to_payment(payments.capture)),
    ("pay", "give-back"): ("razorpay", _to_payment(refunds.give_back_uncaptured)),
    ("pay", "refund"): ("dashboard", _refund),
    ("pay", "dispute"): ("razorpay", _dispute),
    ("disp", "win"): ("razorpay", _to_dispute("won")),
    ("disp", "lose"): ("razorpay", _to_dispute("lost")),
    ("disp", "ask-more"): ("razorpay", _to_dispute("action-required")),
    ("disp", "close"): ("razorpay", _to_dispute("closed")),
    ("disp", "accept"): ("dashboard", lambda desk, entity_id, form: disputes.accept(desk, entity_id, {})),
    ("setl", "process"): ("razorpay", _to_settlement(settlements.process)),
    ("setl", "fail"): ("razorpay", _to_settlement(settlements.fail)),
    ("setl", "drop-row"): ("razorpay", _spoil("missing")),
    ("setl", "double-row"): ("razorpay", _spoil("doubled")),
    ("setl", "off-by-one"): ("razorpay", _spoil("one-paisa-off")),
    ("setl", "strange-row"): ("razorpay", _spoil("unknown")),
    ("pout", "process"): ("razorpay", _to_payout(payouts.process)),
    ("pout", "fail"): ("razorpay", _to_payout(payouts.fail)),
    ("pout", "reverse"): ("razorpay", _to_payout(payouts.reverse)),
    ("pout", "cancel"): ("dashboard", lambda desk, entity_id, form: payouts.cancel(desk, entity_id)),
    ("pout", "approve"): (
        "dashboard",
        lambda desk, entity_id, form: payouts.approve(desk, entity_id, yes=True),
    ),
    ("pout", "reject"): (
        "dashboard",
        lambda desk, entity_id, form: payouts.approve(desk, entity_id, yes=False),
    ),
    ("down", "worse"): (
        "razorpay",
        lambda desk, entity_id, form: downtimes.update(desk, downtimes.fetch(desk, entity_id), "high"),
    ),
    ("down", "resolve"): (
        "razorpay",
        lambda desk, entity_id, form: downtimes.resolve(desk, downtimes.fetch(desk, entity_id)),
    ),
    ("rfnd", "slow-down"): ("razorpay", _to_refund(refunds.slow_down)),
    ("rfnd", "process"): ("razorpay", _to_refund(refunds.process)),
    ("rfnd", "fail-refund"): ("razorpay", _to_refund(refunds.fail)),
}


def _settle(desk: Desk, key_id: str, form: Mapping[str, str]) -> object:
    settlement = settlements.settle(desk)
    if form.get("pending") != "yes":
        settlements.process(desk, settlement)
    return settlement


def _downtime(desk: Desk, key_id: str, form: Mapping[str, str]) -> object:
    method: downtimes.Troubled = next(
        (one for one in get_args(downtimes.Troubled) if one == form.get("method")), "upi"
    )
    return downtimes.start(desk, method, "medium", None)


ON_ACCOUNTS: Mapping[str, tuple[Actor, Deed]] = {
    "settle": ("razorpay", _settle),
    "add-funds": ("dashboard", lambda desk, key_id, form: account.change(desk, rupees(form) or 0)),
    "downtime": ("razorpay", _downtime),
}
