"""Control of money: be the patient at the checkout, the bank that answers late, the merchant's dashboard."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import Request, Response

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.acting import act
from niyat.sandbox.control.forms import Form
from niyat.sandbox.razorpay import checkout, payments, refunds
from niyat.sandbox.razorpay.courier import Courier
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Method, Payment, Refund
from niyat.sandbox.world import TheWorld, World

router = guarded_router()


class FailureForm(Form):
    code: str = "BAD_REQUEST_ERROR"
    description: str = "Payment failed"
    source: str = "bank"
    step: str = "payment_authorization"
    reason: str = "payment_failed"

    def failure(self) -> payments.Failure:
        return payments.Failure(**self.model_dump())


class Pay(Form):
    method: Method = "upi"
    outcome: checkout.Outcome = "authorized"
    amount: int | None = None
    currency: str | None = None
    email: str | None = None
    contact: str | None = None
    description: str | None = None
    notes: dict[str, str] | None = None
    error: FailureForm = FailureForm()
    force: bool = False
    webhooks_first: bool = False
    """Deliver the webhooks before answering the browser."""

    def attempt(self) -> payments.Attempt:
        given = self.model_dump(exclude={"outcome", "error", "webhooks_first"}, exclude_none=True)
        return payments.Attempt(**given)


class Authorize(Form):
    force: bool = False
    """Keep the money even if the order is paid by another payment."""


class DashboardRefund(Form):
    amount: int | None = None


@router.post("/orders/{order_id}/pay")
async def pay(order_id: str, form: Pay, world: TheWorld, request: Request) -> Response:
    def action(desk: Desk) -> dict[str, object]:
        payment = checkout.pay(desk, order_id, form.attempt(), form.outcome, form.error.failure())
        return checkout.handed_to_page(desk, payment)

    answer = act(world, order_id, "checkout", action)
    if form.webhooks_first:
        await _deliver_of_order(world, request, order_id)
    return answer


@router.post("/payments/{payment_id}/authorize")
async def authorize(payment_id: str, form: Authorize, world: TheWorld) -> Response:
    """created or failed → authorized, however late; automatic capture and give-back follow as documented."""

    def action(desk: Desk) -> Payment:
        payment = payments.fetch(desk, payment_id)
        checkout.answer_yes(desk, payment, force=form.force)
        return payments.fetch(desk, payment_id)

    return act(world, payment_id, "razorpay", action)


@router.post("/payments/{payment_id}/fail")
async def fail(payment_id: str, form: FailureForm, world: TheWorld) -> Response:
    def action(desk: Desk) -> Payment:
        payment = payments.fetch(desk, payment_id)
        payments.fail(desk, payment, form.failure())
        return payment

    return act(world, payment_id, "razorpay", action)


@router.post("/payments/{payment_id}/capture")
async def capture(payment_id: str, world: TheWorld) -> Response:
    """As a person in the merchant's dashboard would."""

    def action(desk: Desk) -> Payment:
        payment = payments.fetch(desk, payment_id)
        payments.capture(desk, payment)
        return payment

    return act(world, payment_id, "dashboard", action)


@router.post("/payments/{payment_id}/refund")
async def refund(payment_id: str, form: DashboardRefund, world: TheWorld) -> Response:
    """As a person in the merchant's dashboard would: the product learns of it by webhook or poll."""
    body: dict[str, object] = form.model_dump(exclude_none=True)
    return act(world, payment_id, "dashboard", lambda desk: refunds.create(desk, payment_id, body, None))


@router.post("/payments/{payment_id}/auto-refund")
async def auto_refund(payment_id: str, world: TheWorld) -> Response:
    """The capture window ends."""
    return act(
        world,
        payment_id,
        "razorpay",
        lambda desk: refunds.give_back_uncaptured(desk, payments.fetch(desk, payment_id)),
    )


@router.post("/refunds/{refund_id}/{verdict}")
async def decide_refund(
    refund_id: str, verdict: Literal["process", "fail", "slow-down"], world: TheWorld
) -> Response:
    """`slow-down`: an instant refund turns out impossible and goes on at the normal speed."""
    change = {"process": refunds.process, "fail": refunds.fail, "slow-down": refunds.slow_down}[verdict]

    def action(desk: Desk) -> Refund:
        found = refunds.fetch(desk, refund_id)
        change(desk, found)
        return found

    return act(world, refund_id, "razorpay", action)


async def _deliver_of_order(world: World, request: Request, order_id: str) -> None:
    courier: Courier = request.app.state.courier
    waiting = world.books.rows(
        "SELECT id FROM webhook_events WHERE state = 'waiting' AND (entity_id = ?1 OR entity_id IN"
        " (SELECT id FROM payments WHERE order_id = ?1)) ORDER BY seq",
        order_id,
    )
    await asyncio.gather(*[courier.send(row["id"]) for row in waiting])
