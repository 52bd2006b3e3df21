"""Addresses that take nothing from us any more: remembered by a hash, asked about before anything is sent."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from niyat.kernel.db import Connection, Reader
from niyat.kernel.ids import new_id
from niyat.notifications.addresses import KeptAddress
from niyat.notifications.domain import SuppressionCause

SUPPRESS = """
INSERT INTO suppressed_addresses
    (id, channel, address_hash, address_masked, cause, error_code, notification_id, account_id)
SELECT $1, $2, $3, $4, $5, $6, $7, (SELECT account_id FROM scheduled_notifications WHERE id = $7)
ON CONFLICT (channel, address_hash) WHERE lifted_at IS NULL DO NOTHING
"""

SUPPRESSED = """
SELECT s.channel, s.address_hash FROM suppressed_addresses s
JOIN unnest($1::text[], $2::bytea[]) AS asked (channel, address_hash)
  ON s.channel = asked.channel AND s.address_hash = asked.address_hash
WHERE s.lifted_at IS NULL
"""


async def suppress(
    conn: Connection,
    address: KeptAddress,
    *,
    cause: SuppressionCause,
    error_code: str,
    notification_id: UUID | None,
) -> None:
    """Send nothing to `address` any more, until an admin lifts it. The first cause stays."""
    await conn.execute(
        SUPPRESS,
        new_id(),
        address.channel,
        address.hash,
        address.masked,
        cause,
        error_code,
        notification_id,
    )


async def suppressed_among(reader: Reader, addresses: Collection[KeptAddress]) -> frozenset[KeptAddress]:
    """Those of `addresses` that take nothing."""
    channels, hashes = [each.channel for each in addresses], [each.hash for each in addresses]
    rows = await reader.fetch(SUPPRESSED, channels, hashes) if addresses else []
    found = {(row["channel"], row["address_hash"]) for row in rows}
    return frozenset(each for each in addresses if (each.channel, each.hash) in found)
