"""`/refunds`. https://razorpay.com/docs/api/refunds"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay import fields, refund_queries, refunds
from niyat.sandbox.razorpay.api.serving import serve
from niyat.sandbox.world import TheWorld

router = APIRouter(prefix="/refunds")


@router.get("")
async def every(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "refunds.list", lambda desk: refund_queries.list_all(desk, query))


@router.get("/{refund_id}")
async def one(refund_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "refunds.fetch", lambda desk: refunds.fetch(desk, refund_id))


@router.patch("/{refund_id}")
async def edit(refund_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "refunds.edit",
        lambda desk: refunds.edit(desk, refund_id, fields.parse_body(raw, frozenset({"notes"}))),
    )
