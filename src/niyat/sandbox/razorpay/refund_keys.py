"""X-Refund-Idempotency: the same key with the same body gives the same refund again.

https://razorpay.com/docs/api/refunds/normal-refunds-idempotent
"""

from __future__ import annotations

import json
import re

from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Refund
from niyat.sandbox.razorpay.errors import Refusal

_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{10,}")


def earlier(desk: Desk, key: str, fingerprint: str) -> Refund | None:
    """What the key made before. Raises Refusal for a bad key, or a different body (409)."""
    _check(key)
    row = desk.books.row(
        "SELECT doc, idempotency_body FROM refunds WHERE key_id = ? AND idempotency_key = ?", desk.key_id, key
    )
    if row is None:
        return None
    if row["idempotency_body"] != fingerprint:
        raise Refusal(
            "Different request with the same idempotency key has already been processed.",
            status=409,
            validation=False,
        )
    refund: Refund = json.loads(row["doc"])
    return refund


def _check(idempotency_key: str) -> None:
    if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
        raise Refusal(
            "The idempotency key must be at least 10 characters long and can contain"
            " alphabets, numbers, hyphens and underscores only",
            validation=False,
        )
