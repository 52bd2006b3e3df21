"""The payment provider's troubles, so that somebody about to pay may choose another way."""

from __future__ import annotations

from fastapi import APIRouter

from niyat.kernel.auth import Who
from niyat.kernel.errors import Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.payments.http.dispute_shapes import DowntimesView
from niyat.payments.http.table import TABLE
from niyat.payments.reconciliation_queries import troubles

router = APIRouter(tags=["payments"])


@router.get(
    "/downtimes",
    response_model=DowntimesView,
    summary="Ways to pay that have trouble now",
    responses=problems(TABLE, Unauthenticated),
)
async def list_downtimes(_: Who, db: Db) -> DowntimesView:
    """For anybody who is signed in. What the provider has not confirmed for a quarter of an hour is left out."""
    return DowntimesView.model_validate({"items": await troubles(db)})
