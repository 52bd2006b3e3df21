"""Razorpay's signatures, written for the sandbox alone: the product's verifier shares no line with this."""

from __future__ import annotations

import hashlib
import hmac


def checkout_signature(key_secret: str, order_id: str, payment_id: str) -> str:
    """Hex HMAC-SHA256 of `order_id|payment_id`, as checkout.js hands it to the page."""
    return _hex_hmac(key_secret, f"{order_id}|{payment_id}".encode())


def webhook_signature(webhook_secret: str, body: bytes) -> str:
    """X-Razorpay-Signature: hex HMAC-SHA256 of the exact bytes of the body."""
    return _hex_hmac(webhook_secret, body)


def _hex_hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
