"""Keep what a provider says of a message it took, once; `apply_reports` acts on it.

It may say so before we have written down that it took the message, twice, or in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from niyat.kernel.db import Connection, rows_affected
from niyat.notifications.addresses import KeptAddress
from niyat.notifications.domain import SuppressionCause

RECORD = """
INSERT INTO provider_reports
    (provider, provider_message_id, notification_id, outcome, error_code, cause, address_hash, address_masked)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (provider, provider_message_id, notification_id, outcome) DO UPDATE SET applied_at = NULL
    WHERE provider_reports.notification_id IS NOT NULL AND provider_reports.applied_at IS NOT NULL
"""
# A mail that staff sent again may come back again, under the same name.


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """How one message ended, by the provider's id of it or ours. `cause`: nothing more may be sent to `address`."""

    provider: Literal["smtp", "twilio"]
    provider_message_id: str | None = None
    notification_id: UUID | None = None
    outcome: Literal["delivered", "undelivered"]
    error_code: str | None = None
    cause: SuppressionCause | None = None
    address: KeptAddress | None = None


async def record_report(conn: Connection, report: Report) -> bool:
    """False when it was known already."""
    address = report.address
    stored = await conn.execute(
        RECORD,
        report.provider,
        report.provider_message_id,
        report.notification_id,
        report.outcome,
        report.error_code,
        report.cause,
        address and address.hash,
        address and address.masked,
    )
    return rows_affected(stored) == 1
