"""Money goes back: in parts at once, refused, from the dashboard, by hand, and not after all."""

from __future__ import annotations

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.payments.mix import Mix, Part, Which
from tests.integration.payments.mix_of_disputes import disputed
from tests.support.payments_world import ADMIN

HANDABLE = """
SELECT r.refund_id FROM refunds r JOIN payment_transactions p USING (payment_id)
WHERE r.status = 'failed' OR (p.gateway = 'manual' AND r.status = 'pending') ORDER BY r.refund_id
"""
# Of an attempt's money: given back otherwise than by the gateway's refunds, or owed by a refund that failed.
ELSEWHERE = """
SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r WHERE r.gateway_payment_id = $1 AND (r.status = 'failed'
    OR r.refund_id IN (SELECT refund_id FROM manual_refunds UNION ALL SELECT refund_id FROM refunds_by_dispute))
"""
REFUSED = {"refund-exceeds-captured", "nothing-to-refund", "payment-disputed"}


class Refunds(Mix):
    @precondition(lambda self: self.visits)
    @rule(which=Which, parts=st.lists(Part, min_size=1, max_size=4))
    def refund_at_once_in_parts(self, which: int, parts: list[int]) -> None:
        """However many ask at once, together they never get more than there is."""
        self.run(self._refund(self.one(which)[1], parts))

    async def _refund(self, payment_id: str, parts: list[int]) -> None:
        shown = await self.world.payment(payment_id)
        wanted = [max(1, shown["amount"] * part // 100) for part in parts]
        answers = await asyncio.gather(*(self.world.refund(payment_id, n, self.key()) for n in wanted))
        for answer in answers:
            assert answer.status_code == 201 or answer.json()["code"] in REFUSED, answer.text
        after = await self.world.payment(payment_id)
        promised = sum(r["amount"] for r in after["refunds"] if r["status"] in ("pending", "processed"))
        assert promised <= sum(attempt["captured_amount"] for attempt in after["attempts"])

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part)
    def refund_and_be_refused(self, which: int, part: int) -> None:
        self.run(self._refuse(self.one(which)[1], part))

    async def _refuse(self, payment_id: str, part: int) -> None:
        await self.world.settle()
        await self.world.sandbox.add_fault(
            self.world.account, "payments.refund", "http-400", description="Not possible"
        )
        await self._refund(payment_id, [part])
        await self.world.settle()
        await self.world.sandbox.clear_faults(self.world.account)

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part)
    def refund_in_the_dashboard(self, which: int, part: int) -> None:
        self.run(self._dashboard(which, part))

    async def _dashboard(self, which: int, part: int) -> None:
        # Not beyond what was captured, with what went back, or will, by hand or by a dispute: what the gateway gives
        # back beyond it cannot be recorded yet.
        books = await self.world.sandbox.books(self.world.account)
        for payment in books.payments[which % len(books.payments) :] if books.payments else ():
            elsewhere = await self.world.db.fetchval(ELSEWHERE, payment["id"])
            left = payment["amount"] - payment["amount_refunded"] - elsewhere - disputed(books, payment["id"])
            if payment["captured"] and left > 100:
                await self.world.sandbox.refund_in_dashboard(payment["id"], max(100, left * part // 100))
                await self._deliver()
                return

    @rule(which=Which)
    def a_processed_refund_fails(self, which: int) -> None:
        self.run(self._fail_late(which))

    async def _fail_late(self, which: int) -> None:
        refunds = (await self.world.sandbox.books(self.world.account)).refunds
        done = [refund for refund in refunds if refund["status"] == "processed"]
        if done:
            await self.world.sandbox.fail_refund(done[which % len(done)]["id"])
            await self._deliver()

    @rule(which=Which)
    def give_back_by_hand(self, which: int) -> None:
        self.run(self._by_hand(which))

    async def _by_hand(self, which: int) -> None:
        rows = await self.world.db.fetch(HANDABLE)
        if rows:
            path = f"/api/v1/payments/refunds/{rows[which % len(rows)]['refund_id']}/handed-back"
            answer = await self.world.ask("POST", path, f"admin:{ADMIN}", {"reason_code": "given"})
            allowed = ("refund-exceeds-captured", "refund-not-pending", "payment-disputed")
            assert answer.status_code == 200 or answer.json()["code"] in allowed, answer.text
