"""The HTTP face of the vendor: `/razorpay/v1/…`, Basic auth, JSON in and out, faults as ordered."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay.api import (
    disputes,
    downtimes,
    fund_accounts,
    orders,
    payments,
    payouts,
    refunds,
    settlements,
)
from niyat.sandbox.razorpay.errors import no_such_page

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

router = APIRouter(prefix="/razorpay/v1")
for part in (orders, downtimes, payments, refunds, settlements, disputes, fund_accounts, payouts):
    router.include_router(part.router)


@router.api_route("/{path:path}", methods=_METHODS, include_in_schema=False)
async def elsewhere(path: str, request: Request) -> Response:
    return no_such_page().page()
