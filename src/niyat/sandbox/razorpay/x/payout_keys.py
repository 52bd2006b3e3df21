"""X-Payout-Idempotency, mandatory since 15 March 2025: the same key with the same body pays once.

https://razorpay.com/docs/api/x/payout-idempotency/make-request
"""

from __future__ import annotations

import re

from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.errors import Refusal

_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9 _-]{4,36}")


def checked(key: str | None) -> str:
    """The key. Raises Refusal for none or a bad one."""
    if not key:
        raise Refusal(
            "Idempotency key is missing. Include idempotency header and key in the request.",
            field="X-Payout-Idempotency",
        )
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Refusal(
            "The idempotency key must be between 4 and 36 characters and can contain"
            " alphabets, numbers, hyphens, underscores and space only",
            field="X-Payout-Idempotency",
        )
    return key


def earlier(desk: Desk, key: str, fingerprint: str) -> str | None:
    """The payout that the key made before. Raises Refusal for a different body."""
    row = desk.books.row(
        "SELECT body, payout_id FROM payout_keys WHERE key_id = ? AND idempotency_key = ?", desk.key_id, key
    )
    if row is None:
        return None
    if row["body"] != fingerprint:
        raise Refusal("Different request body sent for the same Idempotency Header.", validation=False)
    return str(row["payout_id"])


def keep(desk: Desk, key: str, fingerprint: str, payout_id: str) -> None:
    desk.books.run(
        "INSERT INTO payout_keys (key_id, idempotency_key, body, payout_id) VALUES (?, ?, ?, ?)",
        desk.key_id,
        key,
        fingerprint,
        payout_id,
    )
