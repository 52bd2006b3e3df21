"""What administrators did with money, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from niyat.kernel.auth import Admin
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Instant
from niyat.kernel.http import Db, problems
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_number, next_cursor
from niyat.payments.audit_log import AuditFilter, audit_lines
from niyat.payments.http.table import TABLE

router = APIRouter(tags=["audit log"])


class AuditLineView(BaseModel):
    """One thing that somebody did by hand."""

    line_id: int
    actor_id: UUID = Field(
        description="The administrator's account; all zeros: the command line of this machine"
    )
    action: str = Field(examples=["refund-payment"])
    subject_id: UUID = Field(
        description="What it was done to: an appointment, a payment, a payout, a difference, a webhook"
    )
    reason: str
    at: datetime


@router.get(
    "/audit-log",
    response_model=Page[AuditLineView],
    summary="What administrators did with money and why, the newest first",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def payments_audit_log(
    _: Admin,
    db: Db,
    action: Annotated[str | None, Query(pattern=r"^[a-z-]{1,40}$", examples=["hand-back"])] = None,
    actor_id: UUID | None = None,
    subject_id: UUID | None = None,
    from_at: Annotated[Instant | None, Query(alias="from", description="Since then")] = None,
    to_at: Annotated[Instant | None, Query(alias="to", description="Before then")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[AuditLineView]:
    """Administrators only. Nothing in it is ever changed or removed."""
    which = AuditFilter(action=action, actor_id=actor_id, subject_id=subject_id, from_at=from_at, to_at=to_at)
    found = await audit_lines(db, which, after_number(cursor), limit)
    return Page[AuditLineView](
        items=[AuditLineView.model_validate(line) for line in found[:limit]],
        next_cursor=next_cursor(found, limit, "line_id"),
    )
