"""Reads of the gateway's troubles, for whoever is about to pay."""

from __future__ import annotations

from typing import Any

from niyat.kernel.db import Database
from niyat.payments.commands.record_downtime import CONFIRMED_WITHIN

TROUBLES = """
SELECT method, instrument, severity, begins_at FROM gateway_downtimes
WHERE NOT resolved AND (NOT scheduled OR begins_at <= niyat_now())    -- the gateway's clock is not ours
    AND (ends_at IS NULL OR ends_at > niyat_now()) AND confirmed_at > niyat_now() - $1::interval
ORDER BY method, begins_at, downtime_id LIMIT 20
"""


async def troubles(db: Database) -> list[dict[str, Any]]:
    """What the gateway has trouble with now, as far as it has said so lately."""
    return [dict(row) for row in await db.fetch(TROUBLES, CONFIRMED_WITHIN)]
