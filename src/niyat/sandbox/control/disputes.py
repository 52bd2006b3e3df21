"""Control of disputes: be the patient's bank."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.acting import act
from niyat.sandbox.control.forms import Form
from niyat.sandbox.razorpay import disputes
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.world import TheWorld

router = guarded_router()

_TEN_DAYS_SECONDS = 10 * 86400


class Objection(Form):
    amount: int | None = None
    """All of the payment unless given."""
    phase: disputes.Phase = "chargeback"
    reason_code: str = "goods_or_services_not_received_or_partially_received"
    respond_seconds: Annotated[float, Field(ge=0)] = _TEN_DAYS_SECONDS
    """How long the merchant may answer."""


@router.post("/payments/{payment_id}/dispute")
async def open_(payment_id: str, form: Objection, world: TheWorld) -> Response:
    return act(
        world,
        payment_id,
        "razorpay",
        lambda desk: disputes.open_(
            desk, payment_id, form.amount, form.phase, form.reason_code, form.respond_seconds
        ),
    )


@router.post("/disputes/{dispute_id}/{verdict}")
async def decide(dispute_id: str, verdict: disputes.Verdict, world: TheWorld) -> Response:
    """The bank's word. A dispute is lost also when nobody answered in time."""

    def action(desk: Desk) -> disputes.Dispute:
        found = disputes.fetch(desk, dispute_id)
        disputes.decide(desk, found, verdict)
        return found

    return act(world, dispute_id, "razorpay", action)
