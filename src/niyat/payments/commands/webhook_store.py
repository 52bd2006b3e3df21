"""Takes a webhook in: verify the raw bytes, store them once, and no more. The gateway waits five seconds at most."""

from __future__ import annotations

import hashlib
import json

from niyat.kernel.crash import crash_point
from niyat.payments import signatures
from niyat.payments.errors import AccountMismatch, SignatureWrong, WebhookMalformed
from niyat.payments.parts import Parts

STORE = """
INSERT INTO webhook_events (account, event_id, type, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (account, event_id) DO NOTHING RETURNING id
"""


async def store_webhook(parts: Parts, raw: bytes, signature: str | None, event_id: str | None) -> bool:
    """Store a genuine event; False when it is known. `raw` is the body as it came, to the byte.

    Raises SignatureWrong, WebhookMalformed, AccountMismatch; none of them has an effect.
    """
    if not signatures.verify_webhook(raw, signature, parts.settings.webhook_secrets):
        raise SignatureWrong
    try:
        envelope = json.loads(raw)
        account, kind = envelope["account_id"], envelope["event"]
    except (ValueError, KeyError, TypeError) as error:
        raise WebhookMalformed from error
    if not (isinstance(account, str) and isinstance(kind, str)) or "\0" in account + kind + (event_id or ""):
        raise WebhookMalformed
    if parts.settings.razorpay_account_id not in (None, account):
        raise AccountMismatch
    # Events of old endpoints come without an id: the bytes themselves name them.
    known_as = event_id or hashlib.sha256(raw).hexdigest()
    stored = await parts.db.fetchval(STORE, account, known_as, kind, raw)
    crash_point("payments:webhook-stored")
    return stored is not None
