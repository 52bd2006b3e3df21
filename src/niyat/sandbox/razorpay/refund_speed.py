"""Instant and normal refunds: what instant ones cost, and when only they are possible.

https://razorpay.com/docs/payments/refunds/instant
"""

from __future__ import annotations

from niyat.sandbox.razorpay import balance
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Payment, Refund
from niyat.sandbox.razorpay.errors import Refusal

_SIX_MONTHS_SECONDS = 183 * 86400


def instant_fee(amount: int) -> tuple[int, int]:
    """What an instant refund costs, with the GST inside it: ₹5, above ₹1,000 ₹7, above ₹25,000 ₹12, and
    18 % on top. The vendor's price list gives the shape; the amounts are this sandbox's own.
    """
    base = 500 if amount <= 1_000_00 else 700 if amount <= 25_000_00 else 1200
    tax = base * 18 // 100
    return base + tax, tax


def require_young(desk: Desk, payment: Payment, *, instantly: bool) -> None:
    """Banks take no normal refund after six months; https://razorpay.com/docs/payments/refunds/errors."""
    if not instantly and desk.now - payment["created_at"] > _SIX_MONTHS_SECONDS:
        raise Refusal(
            "Refund is not supported by the bank because the payment is more than 6 months old", silent=True
        )


def return_fee(desk: Desk, refund: Refund) -> None:
    """The fee of an instant refund that failed or became a normal one comes back."""
    fee, _ = instant_fee(refund["amount"])
    balance.adjusted(desk, fee, f"Fee of instant refund {refund['id']}")
