"""Razorpay's JSON of settlements, disputes and downtimes, read into our facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from niyat.payments.adapters import razorpay_entities as entities
from niyat.payments.adapters.razorpay_entities import Entity, NotAnEntity, read_as, word_of
from niyat.payments.disputes import DisputeStatus
from niyat.payments.ports import WebhookFacts
from niyat.payments.records import DisputeFact, DowntimeFact, Settlement, SettlementRow


class _Row(Entity):
    settlement_id: str | None = None
    type: str
    entity_id: str
    debit: int
    credit: int
    currency: str
    settled_at: int | None = None
    fee: int | None = None
    tax: int | None = None
    description: str | None = None
    order_receipt: str | None = None
    dispute_id: str | None = None


class _Settlement(Entity):
    id: str
    amount: int
    utr: str | None = None


class _Dispute(Entity):
    id: str
    payment_id: str
    amount: int = Field(gt=0)
    currency: str
    amount_deducted: int = Field(default=0, ge=0)
    reason_code: str
    respond_by: int | None = None
    status: str
    phase: str
    created_at: int


class _Downtime(Entity):
    id: str
    method: str
    begin: int
    end: int | None = None
    status: str
    scheduled: bool = False
    severity: str = "high"
    instrument: Any = None  # `[]` when empty
    updated_at: int


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotAnEntity("no instant") from error


def settlement_row(json: Any) -> SettlementRow:
    """A row of the report. Raises NotAnEntity."""
    read = read_as(_Row, json)
    return SettlementRow(
        settlement_id=read.settlement_id,
        type=read.type,
        entity_id=read.entity_id,
        net=read.credit - read.debit,
        fee=read.fee or 0,
        tax=read.tax or 0,
        currency=read.currency,
        settled_at=_moment(read.settled_at or 0),
        description=read.description or "",
        order_receipt=read.order_receipt,
        gateway_dispute_id=read.dispute_id,
        raw=json,
    )


def settlement(json: Any) -> Settlement:
    """A settlement. Raises NotAnEntity."""
    read = read_as(_Settlement, json)
    return Settlement(read.id, read.amount, read.utr)


def dispute(json: Any) -> DisputeFact:
    """A dispute. Raises NotAnEntity."""
    read = read_as(_Dispute, json)
    return DisputeFact(
        gateway_dispute_id=read.id,
        gateway_payment_id=read.payment_id,
        status=word_of(DisputeStatus, read.status.replace("_", "-")),
        phase=read.phase[:40],
        reason_code=read.reason_code[:100],
        amount=read.amount,
        currency=read.currency,
        amount_deducted=read.amount_deducted,
        respond_by=_instant(read.respond_by),
        opened_at=_moment(read.created_at),
    )


def downtime(json: Any) -> DowntimeFact:
    """A downtime. Raises NotAnEntity."""
    read = read_as(_Downtime, json)
    named = read.instrument.items() if isinstance(read.instrument, dict) else ()
    return DowntimeFact(
        downtime_id=read.id,
        method=read.method[:40],
        instrument={str(key)[:40]: str(value)[:60] for key, value in named},
        severity=read.severity[:20],
        scheduled=read.scheduled,
        begins_at=_moment(read.begin),
        ends_at=_instant(read.end),
        resolved=read.status == "resolved",
        changed_at=_moment(read.updated_at),
    )


def webhook(envelope: dict[str, Any]) -> WebhookFacts:
    """The facts of an event; none for the kinds that we do nothing about. Raises NotAnEntity."""
    facts = entities.webhook(envelope)
    kind: str = envelope["event"]
    if kind.startswith("payment.dispute."):
        return WebhookFacts(dispute=dispute(entities.entity_of(envelope, "dispute")))
    if kind.startswith("payment.downtime."):
        return WebhookFacts(downtime=downtime(entities.entity_of(envelope, "payment.downtime")))
    return facts
