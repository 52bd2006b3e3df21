"""Control of downtimes: a bank, card network or UPI app has trouble."""

from __future__ import annotations

from fastapi import Response

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.acting import act, act_for
from niyat.sandbox.control.forms import Form
from niyat.sandbox.razorpay import downtimes
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.world import TheWorld

router = guarded_router()


class Trouble(Form):
    method: downtimes.Troubled = "upi"
    severity: downtimes.Severity = "high"
    instrument: dict[str, str] | None = None
    """Such as {"bank": "SBIN"}."""


class Change(Form):
    severity: downtimes.Severity


@router.post("/accounts/{key_id}/downtimes")
async def start(key_id: str, form: Trouble, world: TheWorld) -> Response:
    return act_for(
        world,
        key_id,
        "razorpay",
        lambda desk: downtimes.start(desk, form.method, form.severity, form.instrument),
    )


@router.post("/downtimes/{downtime_id}/update")
async def update(downtime_id: str, form: Change, world: TheWorld) -> Response:
    def action(desk: Desk) -> downtimes.Downtime:
        found = downtimes.fetch(desk, downtime_id)
        downtimes.update(desk, found, form.severity)
        return found

    return act(world, downtime_id, "razorpay", action)


@router.post("/downtimes/{downtime_id}/resolve")
async def resolve(downtime_id: str, world: TheWorld) -> Response:
    def action(desk: Desk) -> downtimes.Downtime:
        found = downtimes.fetch(desk, downtime_id)
        downtimes.resolve(desk, found)
        return found

    return act(world, downtime_id, "razorpay", action)
