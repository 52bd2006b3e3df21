"""The checkout without a browser: a patient pays or fails, the page gets what checkout.js hands it."""

from __future__ import annotations

from typing import Literal

from niyat.sandbox.razorpay import orders, payments, refunds
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Payment
from niyat.sandbox.razorpay.payments import Attempt, Failure
from niyat.sandbox.razorpay.signing import checkout_signature

Outcome = Literal["authorized", "captured", "failed", "pending"]


def pay(desk: Desk, order_id: str, attempt: Attempt, outcome: Outcome, failure: Failure) -> Payment:
    """One attempt. `captured` also captures an order that asks for manual capture; `pending` means that the
    bank has not answered: the payment stays `created`.
    """
    payment = payments.start(desk, orders.fetch(desk, order_id), attempt)
    match outcome:
        case "authorized":
            answer_yes(desk, payment, force=attempt.force)
        case "captured":
            answer_yes(desk, payment, force=attempt.force)
            if not payment["captured"]:
                payments.capture(desk, payment)
        case "failed":
            payments.fail(desk, payment, failure)
        case "pending":
            pass
    return payment


def answer_yes(desk: Desk, payment: Payment, *, force: bool) -> None:
    """The bank authorizes, now or days later. A second success of one order is given back, unless forced."""
    payments.authorize(desk, payment)
    order = orders.fetch(desk, payment["order_id"])
    if payments.is_spoken_for(desk, order, apart_from=payment["id"]) and not force:
        refunds.give_back_uncaptured(desk, payment)
    elif payments.captures_itself(desk, payment):
        payments.capture(desk, payment)


def handed_to_page(desk: Desk, payment: Payment) -> dict[str, object]:
    """On success the three fields of the handler; otherwise the argument of `payment.failed`."""
    if payment["status"] in ("authorized", "captured"):
        return {
            "razorpay_payment_id": payment["id"],
            "razorpay_order_id": payment["order_id"],
            "razorpay_signature": checkout_signature(
                desk.merchant.key_secret, payment["order_id"], payment["id"]
            ),
        }
    pending = payment["status"] == "created"
    return {
        "error": {
            "code": payment["error_code"] or "BAD_REQUEST_ERROR",
            "description": payment["error_description"] or "Payment was not completed on time.",
            "source": payment["error_source"] or "customer",
            "step": payment["error_step"] or "payment_authentication",
            "reason": "payment_timed_out" if pending else payment["error_reason"],
            "metadata": {"payment_id": payment["id"], "order_id": payment["order_id"]},
        }
    }
