"""`/payouts` of RazorpayX. https://razorpay.com/docs/api/x/payouts"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay import fields
from niyat.sandbox.razorpay.api.serving import alone_with, serve
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.x import payout_request, payouts
from niyat.sandbox.world import TheWorld

router = APIRouter(prefix="/payouts")


@router.post("")
async def create(request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    key = request.headers.get("x-payout-idempotency")
    try:
        with alone_with(request, key):
            return await serve(
                request,
                world,
                "payouts.create",
                lambda desk: payouts.create(desk, fields.parse_body(raw, payout_request.FIELDS), key),
            )
    except Refusal as refusal:
        return refusal.page()


@router.get("")
async def every(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "payouts.list", lambda desk: payouts.list_all(desk, query))


@router.get("/{payout_id}")
async def one(payout_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "payouts.fetch", lambda desk: payouts.fetch(desk, payout_id))


@router.post("/{payout_id}/cancel")
async def cancel(payout_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "payouts.cancel", lambda desk: payouts.cancel(desk, payout_id))


@router.post("/{payout_id}/{verdict}")
async def approve(
    payout_id: str, verdict: Literal["approve", "reject"], request: Request, world: TheWorld
) -> Response:
    return await serve(
        request,
        world,
        f"payouts.{verdict}",
        lambda desk: payouts.approve(desk, payout_id, yes=verdict == "approve"),
    )
