"""Reads of the webhook log. Never the body: it holds addresses and numbers of those who paid; its facts are told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Database, Reader
from niyat.payments.errors import WebhookNotFound
from niyat.payments.ports import PaymentGateway

FOR_THE_PAYER = "error_description"
COLUMNS = """
SELECT w.webhook_id, w.account, w.event_id, w.type, w.status, w.outcome, w.gateway_payment_id, w.tries, w.last_error,
    w.received_at, w.finished_at, CASE WHEN w.status = 'new' THEN w.next_at END AS next_at, w.replayed_at
"""
LIST = (
    COLUMNS
    + """
FROM webhook_events w
WHERE ($1::text IS NULL OR w.status = $1) AND ($2::text IS NULL OR w.type = $2)
    AND ($3::text IS NULL OR w.outcome = $3) AND ($4::text IS NULL OR w.gateway_payment_id = $4)
    AND ($5::text IS NULL OR w.event_id = $5) AND ($6::timestamptz IS NULL OR w.received_at >= $6)
    AND ($7::timestamptz IS NULL OR w.received_at < $7) AND ($8::uuid IS NULL OR w.webhook_id < $8)
ORDER BY w.webhook_id DESC LIMIT $9
"""
)
ONE = (
    COLUMNS
    + """, w.body, a.payment_id, a.appointment_id
FROM webhook_events w LEFT JOIN payment_attempts a USING (gateway_payment_id) WHERE w.webhook_id = $1
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFilter:
    """Which webhooks; received from the one instant on, and before the other."""

    status: str | None = None
    type: str | None = None
    outcome: str | None = None
    gateway_payment_id: str | None = None
    event_id: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


async def webhooks(
    db: Database, which: WebhookFilter, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Webhooks before that one, the newest first, and one more than `limit` if there are more."""
    rows = await db.fetch(
        LIST, which.status, which.type, which.outcome, which.gateway_payment_id, which.event_id, which.from_at,
        which.to_at, before, limit + 1,
    )  # fmt: skip
    return [dict(row) for row in rows]


async def webhook_in_full(db: Reader, gateway: PaymentGateway, webhook_id: UUID) -> dict[str, Any]:
    """One webhook with the facts that we read in it, as far as it can be read. Raises WebhookNotFound."""
    row = await db.fetchrow(ONE, webhook_id)
    if row is None:
        raise WebhookNotFound
    shown = dict(row)
    body: bytes = shown.pop("body")
    digest = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    return shown | digest | {"facts": _facts(gateway, body)}


def _facts(gateway: PaymentGateway, body: bytes) -> dict[str, Any] | None:
    """What is told of each thing, but for the sentence that is meant for whoever tried to pay."""
    try:
        told = asdict(gateway.read_webhook(json.loads(body)))
    except ValueError:
        return None
    return {
        about: {name: value for name, value in fact.items() if value is not None and name != FOR_THE_PAYER}
        for about, fact in told.items()
        if fact is not None
    }
