"""The payment provider's troubles, so that somebody about to pay may choose another way."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from niyat.kernel.auth import Who
from niyat.kernel.errors import Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.payments.downtime_queries import troubles
from niyat.payments.http.table import TABLE

router = APIRouter(tags=["payments"])


class DowntimeView(BaseModel):
    """A way to pay that has trouble now, by the provider's word."""

    method: str = Field(examples=["upi", "netbanking"])
    instrument: dict[str, str] = Field(
        description="Which of them; `ALL` is every one", examples=[{"bank": "SBIN"}]
    )
    severity: str = Field(description="`low`, `medium` or `high`")
    begins_at: datetime


class DowntimesView(BaseModel):
    """Empty when all is well."""

    items: list[DowntimeView]


@router.get(
    "/downtimes",
    response_model=DowntimesView,
    summary="Ways to pay that have trouble now",
    responses=problems(TABLE, Unauthenticated),
)
async def list_downtimes(_: Who, db: Db) -> DowntimesView:
    """For anybody who is signed in. What the provider has not confirmed for a quarter of an hour is left out."""
    return DowntimesView.model_validate({"items": await troubles(db)})
