"""Razorpay's signatures: hex HMAC-SHA256, over the exact bytes that were sent.

https://razorpay.com/docs/payments/payment-gateway/web-integration/standard/integration-steps (1.5) and
https://razorpay.com/docs/webhooks/validate-test. The SDK's own check raises TypeError on bytes and on a
signature that is missing or not ASCII; this one answers False to all of them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def verify_checkout(key_secret: str, order_id: str, gateway_payment_id: str, signature: str | None) -> bool:
    """Whether the browser's signature is genuine. `order_id` is the one *we* stored, never the browser's."""
    return _genuine(key_secret, f"{order_id}|{gateway_payment_id}".encode(), signature)


def verify_webhook(raw: bytes, signature: str | None, secrets: Iterable[str]) -> bool:
    """Whether one of `secrets` (the current one, the previous one) signed these very bytes."""
    return any(_genuine(secret, raw, signature) for secret in secrets)


def _genuine(secret: str, message: bytes, signature: str | None) -> bool:
    if not secret or not signature or not signature.isascii():
        return False
    return hmac.compare_digest(hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(), signature)
