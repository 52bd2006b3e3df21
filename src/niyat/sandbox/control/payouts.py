"""Control of payouts: be the banks between the merchant and the doctor, or the person who approves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fastapi import Response

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.acting import act, act_for
from niyat.sandbox.control.forms import Form
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.x import account, payouts
from niyat.sandbox.razorpay.x.payout_states import Details
from niyat.sandbox.world import TheWorld

router = guarded_router()

Verdict = Literal["process", "fail", "reverse", "approve", "reject", "cancel"]


class Decision(Form):
    reason: str | None = None
    """Such as `imps_not_allowed`; with it goes a description, for `fail` and `reverse`."""
    description: str = "Payout failed at the beneficiary bank"
    source: Literal["beneficiary_bank", "gateway", "business", "internal"] = "beneficiary_bank"

    @property
    def details(self) -> Details | None:
        if self.reason is None:
            return None
        return Details(reason=self.reason, description=self.description, source=self.source)


class Funds(Form):
    amount: int


@router.post("/payouts/{payout_id}/{verdict}")
async def decide(payout_id: str, verdict: Verdict, form: Decision, world: TheWorld) -> Response:
    """`reverse` also of a processed payout, days later."""
    return act(world, payout_id, "razorpay", lambda desk: do(desk, payout_id, verdict, form.details))


def do(desk: Desk, payout_id: str, verdict: Verdict, details: Details | None = None) -> payouts.Payout:
    match verdict:
        case "approve" | "reject":
            return payouts.approve(desk, payout_id, yes=verdict == "approve")
        case "cancel":
            return payouts.cancel(desk, payout_id)
    payout = payouts.fetch(desk, payout_id)
    if verdict == "process":
        payouts.process(desk, payout)
    elif verdict == "fail":
        payouts.fail(desk, payout, details)
    else:
        payouts.reverse(desk, payout, details)
    return payout


@router.post("/accounts/{key_id}/funds")
async def add_funds(key_id: str, form: Funds, world: TheWorld) -> Response:
    """Into the business account (negative: out of it). Queued payouts begin when it suffices."""

    def action(desk: Desk) -> Mapping[str, object]:
        account.change(desk, form.amount)
        return {"payout_balance": account.balance(desk)}

    return act_for(world, key_id, "dashboard", action)
