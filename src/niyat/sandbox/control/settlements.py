"""Control of settlements: settle now, decide what the bank did, make the report wrong."""

from __future__ import annotations

from typing import Literal

from fastapi import Response

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.acting import act, act_for
from niyat.sandbox.control.forms import Form
from niyat.sandbox.razorpay import recon, settlements
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.settlements import Settlement
from niyat.sandbox.world import TheWorld

router = guarded_router()


class SettleNow(Form):
    outcome: Literal["processed", "created", "failed"] = "processed"


class Spoil(Form):
    flaw: recon.Flaw
    entity_id: str | None = None
    """The row; the oldest unless given. For `unknown` it is the row that the invented one resembles."""


@router.post("/accounts/{key_id}/settle")
async def settle(key_id: str, form: SettleNow, world: TheWorld) -> Response:
    """All that is not settled yet, whatever its age."""

    def action(desk: Desk) -> Settlement:
        settlement = settlements.settle(desk)
        if form.outcome != "created":
            (settlements.process if form.outcome == "processed" else settlements.fail)(desk, settlement)
        return settlement

    return act_for(world, key_id, "razorpay", action)


@router.post("/settlements/{settlement_id}/spoil")
async def spoil(settlement_id: str, form: Spoil, world: TheWorld) -> Response:
    """Make one row of its report wrong; the settlement itself stays right."""
    return act(
        world,
        settlement_id,
        "razorpay",
        lambda desk: recon.spoil(desk, settlement_id, form.flaw, form.entity_id),
    )


@router.post("/settlements/{settlement_id}/{verdict}")
async def decide(settlement_id: str, verdict: Literal["process", "fail"], world: TheWorld) -> Response:
    def action(desk: Desk) -> Settlement:
        found = settlements.fetch(desk, settlement_id)
        (settlements.process if verdict == "process" else settlements.fail)(desk, found)
        return found

    return act(world, settlement_id, "razorpay", action)
