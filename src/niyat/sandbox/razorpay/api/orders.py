"""`/orders`. https://razorpay.com/docs/api/orders"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay import expand, fields, orders
from niyat.sandbox.razorpay.api.serving import serve
from niyat.sandbox.world import TheWorld

router = APIRouter(prefix="/orders")


@router.post("")
async def create(request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "orders.create",
        lambda desk: orders.create(desk, fields.parse_body(raw, orders.FIELDS)),
    )


@router.get("")
async def every(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "orders.list", lambda desk: expand.orders(desk, query))


@router.get("/{order_id}")
async def one(order_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "orders.fetch", lambda desk: orders.fetch(desk, order_id))


@router.patch("/{order_id}")
async def edit(order_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "orders.edit",
        lambda desk: orders.edit(desk, order_id, fields.parse_body(raw, frozenset({"notes"}))),
    )


@router.get("/{order_id}/payments")
async def payments(order_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "orders.payments", lambda desk: orders.payments(desk, order_id))
