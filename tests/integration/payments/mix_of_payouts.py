"""Doctors are paid, or not; somebody corrects the ledger."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.integration.payments.mix import Amount, Mix, Which
from tests.support.payments_world import ADMIN

CAME_BACK = "SELECT payout_id FROM doctor_payouts WHERE status IN ('failed', 'reversed') ORDER BY payout_id"


class Payouts(Mix):
    @rule(approve=st.booleans())
    def pay_the_doctors(self, approve: bool) -> None:
        self.run(self._pay_the_doctors(approve=approve))

    async def _pay_the_doctors(self, *, approve: bool) -> None:
        more = {"reason": "Month's end", "until": "2099-12-31"}
        answer = await self.payer.admin("POST", "batches", more)
        if answer.status_code != 201:
            assert answer.json()["code"] == "nothing-to-pay-out", answer.text
            return
        verdict = "approve" if approve else "discard"
        path = f"batches/{answer.json()['batch_id']}/{verdict}"
        decided = await self.payer.admin("POST", path, {"reason": "As counted"})
        assert decided.status_code == 200, decided.text

    @rule(which=Which, verdict=st.sampled_from(["fail", "reverse", "process"]))
    def the_bank_decides_about_a_payout(self, which: int, verdict: str) -> None:
        self.run(self._decide_payout(which, verdict))

    async def _decide_payout(self, which: int, verdict: Any) -> None:
        possible = {
            "fail": ("processing",),
            "process": ("processing",),
            "reverse": ("processing", "processed"),
        }
        made = (await self.world.sandbox.books(self.world.account)).payouts
        fitting = [payout for payout in made if payout["status"] in possible[verdict]]
        if fitting:
            await self.world.sandbox.decide_payout(fitting[which % len(fitting)]["id"], verdict)
            await self._deliver()

    @rule(manual=st.booleans())
    def the_bank_takes_its_time(self, manual: bool) -> None:
        self.run(self.payer.behave(payout_mode="manual" if manual else "auto"))

    @rule(which=Which)
    def a_payout_is_tried_again(self, which: int) -> None:
        self.run(self._retry(which))

    async def _retry(self, which: int) -> None:
        rows = await self.world.db.fetch(CAME_BACK)
        if rows:
            answer = await self.payer.retry(str(rows[which % len(rows)]["payout_id"]), self.key())
            assert answer.status_code < 500, answer.text

    @rule(amount=Amount)
    def correct(self, amount: int) -> None:
        entries = [{"account": "bank", "amount": amount}, {"account": "suspense", "amount": -amount}]
        answer = self.run(
            self.world.ask(
                "POST", "/api/v1/ledger/corrections", f"admin:{ADMIN}",
                {"entries": entries, "reason": "Found money"}, headers={"idempotency-key": self.key()},
            )
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
