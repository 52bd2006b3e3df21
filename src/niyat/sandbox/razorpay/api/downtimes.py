"""`/payments/downtimes`. https://razorpay.com/docs/api/payments/downtime"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay import downtimes
from niyat.sandbox.razorpay.api.serving import serve
from niyat.sandbox.world import TheWorld

router = APIRouter(prefix="/payments/downtimes")


@router.get("")
async def every(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "downtimes.list", lambda desk: downtimes.list_all(desk, query))


@router.get("/{downtime_id}")
async def one(downtime_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "downtimes.fetch", lambda desk: downtimes.fetch(desk, downtime_id))
