"""`/settlements`. https://razorpay.com/docs/api/settlements"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay import recon, settlements
from niyat.sandbox.razorpay.api.serving import serve
from niyat.sandbox.world import TheWorld

router = APIRouter(prefix="/settlements")


@router.get("")
@router.get("/", include_in_schema=False)
async def every(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "settlements.list", lambda desk: settlements.list_all(desk, query))


@router.get("/recon/combined")
async def report(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "settlements.report", lambda desk: recon.report(desk, query))


@router.get("/{settlement_id}")
async def one(settlement_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(
        request, world, "settlements.fetch", lambda desk: settlements.fetch(desk, settlement_id)
    )
