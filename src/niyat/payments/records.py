"""What the gateway says of settlements, disputes and downtimes, as facts of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from niyat.payments.disputes import DisputeStatus


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """One row of the report. `net`: credit less debit; `fee` includes `tax`; `raw`: as it came.

    `settlement_id` is None of what is not settled yet.
    """

    settlement_id: str | None
    type: str
    entity_id: str
    net: int
    fee: int
    tax: int
    currency: str
    settled_at: datetime
    description: str
    order_receipt: str | None
    gateway_dispute_id: str | None
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was sent to the bank. `utr`: the banks' reference number."""

    settlement_id: str
    amount: int
    utr: str | None


@dataclass(frozen=True, slots=True)
class DisputeFact:
    """What the gateway says of one dispute at one moment."""

    gateway_dispute_id: str
    gateway_payment_id: str
    status: DisputeStatus
    phase: str
    reason_code: str
    amount: int
    currency: str
    amount_deducted: int
    respond_by: datetime | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class DowntimeFact:
    """What the gateway says of one downtime at one moment. `instrument`: such as {"bank": "SBIN"}."""

    downtime_id: str
    method: str
    instrument: Mapping[str, str]
    severity: str
    scheduled: bool
    begins_at: datetime
    ends_at: datetime | None
    resolved: bool
    changed_at: datetime
