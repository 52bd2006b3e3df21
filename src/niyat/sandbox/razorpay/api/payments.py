"""`/payments`. https://razorpay.com/docs/api/payments"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from niyat.sandbox.razorpay import fields, payments, refund_queries, refunds
from niyat.sandbox.razorpay.api.serving import alone_with, serve
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.world import TheWorld

router = APIRouter(prefix="/payments")


@router.get("")
async def every(request: Request, world: TheWorld) -> Response:
    query = request.query_params
    return await serve(request, world, "payments.list", lambda desk: payments.list_all(desk, query))


@router.get("/{payment_id}")
async def one(payment_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "payments.fetch", lambda desk: payments.fetch(desk, payment_id))


@router.patch("/{payment_id}")
async def edit(payment_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "payments.edit",
        lambda desk: payments.edit(desk, payment_id, fields.parse_body(raw, frozenset({"notes"}))),
    )


@router.get("/{payment_id}/card")
async def card(payment_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(request, world, "payments.card", lambda desk: payments.card(desk, payment_id))


@router.post("/{payment_id}/capture")
async def capture(payment_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await serve(
        request,
        world,
        "payments.capture",
        lambda desk: payments.capture_by_api(
            desk, payment_id, fields.parse_body(raw, payments.CAPTURE_FIELDS)
        ),
    )


@router.post("/{payment_id}/refund")
async def refund(payment_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    key = request.headers.get("x-refund-idempotency")
    try:
        with alone_with(request, key):
            return await serve(
                request,
                world,
                "payments.refund",
                lambda desk: refunds.create(desk, payment_id, fields.parse_body(raw, refunds.FIELDS), key),
            )
    except Refusal as refusal:
        return refusal.page()


@router.get("/{payment_id}/refunds")
async def refunds_of_payment(payment_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(
        request,
        world,
        "payments.refunds",
        lambda desk: refund_queries.list_of_payment(desk, payment_id, request.query_params),
    )


@router.get("/{payment_id}/refunds/{refund_id}")
async def refund_of_payment(payment_id: str, refund_id: str, request: Request, world: TheWorld) -> Response:
    return await serve(
        request,
        world,
        "refunds.fetch",
        lambda desk: refund_queries.fetch_of_payment(desk, payment_id, refund_id),
    )
