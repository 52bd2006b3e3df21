"""What a patient can pay with in test mode, and what the bank then says.

https://razorpay.com/docs/payments/payments/test-card-details and …/test-upi-details
"""

from __future__ import annotations

from niyat.sandbox.razorpay.payments import Failure

DECLINED = Failure(
    description="Your payment was declined by the bank. Try another card or another way to pay.",
    reason="payment_declined",
)
NO_FUNDS = Failure(
    description="Your payment failed because the account balance is too low.",
    reason="insufficient_funds",
)
CANCELLED = Failure(
    description="Your payment was cancelled. Try again or choose another way to pay.",
    source="customer",
    step="payment_authentication",
    reason="payment_cancelled",
)
TIMED_OUT = Failure(
    description="Payment was not completed on time.",
    source="customer",
    step="payment_authentication",
    reason="payment_timed_out",
)
WRONG_OTP = Failure(
    description="Your payment failed because the one-time password was not right.",
    source="customer",
    step="payment_authentication",
    reason="incorrect_otp",
)
UPI_DECLINED = Failure(
    description="Your payment was not successful as the UPI app declined it.",
    source="customer",
    step="payment_authentication",
    reason="payment_failed",
)

CARDS: dict[str, tuple[str, Failure | None]] = {
    "4100280000001007": ("Visa, succeeds", None),
    "5500670000001002": ("Mastercard, succeeds", None),
    "6527658900001005": ("RuPay, succeeds", None),
    "4100280000060003": ("declined", DECLINED),
    "4100280000080001": ("low funds", NO_FUNDS),
    "4100280000070002": ("cancelled", CANCELLED),
    "4100280000090000": ("timeout", TIMED_OUT),
}
UPI_IDS: dict[str, Failure | None] = {"success@razorpay": None, "failure@razorpay": UPI_DECLINED}
BANKS = {"HDFC": "HDFC Bank", "ICIC": "ICICI Bank", "SBIN": "State Bank of India", "UTIB": "Axis Bank"}
WALLETS = {"airtelmoney": "Airtel Money", "mobikwik": "MobiKwik", "olamoney": "Ola Money"}
