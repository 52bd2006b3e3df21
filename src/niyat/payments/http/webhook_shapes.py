"""What the routes of the webhook log take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field

WebhookStatus: TypeAlias = Literal["new", "done", "dead"]
WebhookOutcome: TypeAlias = Literal["recorded", "not-acted-on", "not-ours"]


class WebhookView(BaseModel):
    """One event that the payment provider sent and signed, and what came of it."""

    webhook_id: UUID
    account: str = Field(description="Ours at the provider")
    event_id: str = Field(description="The provider's; an event that comes again is the same one")
    type: str = Field(examples=["payment.captured"])
    status: WebhookStatus = Field(description="`dead`: it could not be worked off, see `last_error`")
    outcome: WebhookOutcome | None = Field(
        description="Once done: its facts were recorded, nothing is done about its kind, or it is of no order of ours"
    )
    gateway_payment_id: str | None = Field(description="Whose facts it told, as far as it told any")
    tries: int
    last_error: str | None
    received_at: datetime
    finished_at: datetime | None
    next_at: datetime | None = Field(description="While it is `new`: when it is tried next")
    replayed_at: datetime | None


class WebhookInFullView(WebhookView):
    """The same with the facts that were read in it; the body itself is shown to nobody."""

    payment_id: UUID | None
    appointment_id: UUID | None
    size: int = Field(description="Bytes of its body")
    sha256: str = Field(description="Of its body, to compare with the provider's log")
    facts: dict[str, Any] | None = Field(
        description="By what they are about; null when it cannot be read",
        examples=[{"attempt": {"gateway_payment_id": "pay_IH4NVgf4Dreq1l", "status": "captured"}}],
    )
