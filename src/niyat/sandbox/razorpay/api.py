"""The HTTP face of the vendor: `/razorpay/v1/…`, Basic auth, JSON in and out, faults as ordered."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from niyat.sandbox import faults
from niyat.sandbox.razorpay import fields, merchants, orders, payments, refunds
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Order, Payment, Refund
from niyat.sandbox.razorpay.errors import Refusal, fault_page
from niyat.sandbox.world import TheWorld, World

router = APIRouter(prefix="/razorpay/v1")

Answer = Order | Payment | Refund | dict[str, object]
Action = Callable[[Desk], Answer]

_refunds_in_flight: set[tuple[str, str]] = set()


async def _serve(request: Request, world: World, operation: str, action: Action) -> Response:
    try:
        merchant = merchants.authenticate(world.books, request.headers.get("authorization", ""))
    except Refusal as refusal:
        return refusal.page()

    def effect() -> Response:
        try:
            with world.books.transaction():
                answer = action(Desk(world.books, merchant, world.clock.now(), "api"))
        except Refusal as refusal:
            return refusal.page()
        world.news.ring()
        return JSONResponse(answer)

    fault = faults.take(world.books, merchant.key_id, operation)
    return await faults.serve(request, fault, effect, fault_page)


@router.post("/orders")
async def create_order(request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await _serve(
        request,
        world,
        "orders.create",
        lambda desk: orders.create(desk, fields.parse_body(raw, orders.FIELDS)),
    )


@router.get("/orders")
async def list_orders(request: Request, world: TheWorld) -> Response:
    return await _serve(
        request, world, "orders.list", lambda desk: orders.list_all(desk, request.query_params)
    )


@router.get("/orders/{order_id}")
async def fetch_order(order_id: str, request: Request, world: TheWorld) -> Response:
    return await _serve(request, world, "orders.fetch", lambda desk: orders.fetch(desk, order_id))


@router.patch("/orders/{order_id}")
async def edit_order(order_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await _serve(
        request,
        world,
        "orders.edit",
        lambda desk: orders.edit(desk, order_id, fields.parse_body(raw, frozenset({"notes"}))),
    )


@router.get("/orders/{order_id}/payments")
async def payments_of_order(order_id: str, request: Request, world: TheWorld) -> Response:
    return await _serve(request, world, "orders.payments", lambda desk: orders.payments(desk, order_id))


@router.get("/payments")
async def list_payments(request: Request, world: TheWorld) -> Response:
    return await _serve(
        request, world, "payments.list", lambda desk: payments.list_all(desk, request.query_params)
    )


@router.get("/payments/{payment_id}")
async def fetch_payment(payment_id: str, request: Request, world: TheWorld) -> Response:
    return await _serve(request, world, "payments.fetch", lambda desk: payments.fetch(desk, payment_id))


@router.post("/payments/{payment_id}/capture")
async def capture_payment(payment_id: str, request: Request, world: TheWorld) -> Response:
    raw = await request.body()
    return await _serve(
        request,
        world,
        "payments.capture",
        lambda desk: payments.capture_by_api(
            desk, payment_id, fields.parse_body(raw, payments.CAPTURE_FIELDS)
        ),
    )


@router.post("/payments/{payment_id}/refund")
async def refund_payment(payment_id: str, request: Request, world: TheWorld) -> Response:
    """The same idempotency key while an earlier call is still open is a 409, as documented."""
    raw = await request.body()
    key = request.headers.get("x-refund-idempotency")
    ticket = (request.headers.get("authorization", ""), key or "")
    if key is not None and ticket in _refunds_in_flight:
        return refunds.in_flight().page()
    if key is not None:
        _refunds_in_flight.add(ticket)
    try:
        return await _serve(
            request,
            world,
            "payments.refund",
            lambda desk: refunds.create(desk, payment_id, fields.parse_body(raw, refunds.FIELDS), key),
        )
    finally:
        _refunds_in_flight.discard(ticket)


@router.get("/payments/{payment_id}/refunds")
async def refunds_of_payment(payment_id: str, request: Request, world: TheWorld) -> Response:
    return await _serve(
        request,
        world,
        "payments.refunds",
        lambda desk: refunds.list_of_payment(desk, payment_id, request.query_params),
    )


@router.get("/payments/{payment_id}/refunds/{refund_id}")
async def fetch_refund_of_payment(
    payment_id: str, refund_id: str, request: Request, world: TheWorld
) -> Response:
    return await _serve(
        request,
        world,
        "refunds.fetch",
        lambda desk: refunds.fetch_of_payment(desk, payment_id, refund_id),
    )


@router.get("/refunds/{refund_id}")
async def fetch_refund(refund_id: str, request: Request, world: TheWorld) -> Response:
    return await _serve(request, world, "refunds.fetch", lambda desk: refunds.fetch(desk, refund_id))
