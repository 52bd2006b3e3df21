"""Patients' banks object, and decide."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from niyat.payments.adapters import razorpay_records_entities as entities
from niyat.payments.commands.record_dispute import record_dispute
from tests.integration.payments.mix import Mix, Part, Which, price_of
from tests.integration.payments.whole_books import whole
from tests.support.payments_appointments import Visit
from tests.support.sandbox import Json, Statement


class Disputes(Mix):
    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part, contested=Part, told=st.booleans())
    def a_bank_objects(self, which: int, part: int, contested: int, told: bool) -> None:
        """To a part or all of what it was not asked about yet; somebody drafts an answer about some of that."""
        self.run(self._object(which, part, contested, told=told))

    async def _object(self, which: int, part: int, contested: int, *, told: bool) -> None:
        dispute = await self._dispute(which, part)
        if dispute is None:
            return
        if contested < 100 and dispute["amount"] > 1:
            answered = {"action": "draft", "amount": max(1, dispute["amount"] * contested // 100)}
            await self.world.sandbox.http.patch(
                f"/razorpay/v1/disputes/{dispute['id']}/contest", json=answered, auth=self.world.account.auth
            )
        if told:
            await self._deliver()

    async def _dispute(self, which: int, part: int, order_id: str | None = None) -> Json | None:
        """A new dispute; none when all that was captured, of that order or any, is disputed or lost already."""
        books = await self.world.sandbox.books(self.world.account)
        open_to_it = [
            (payment["id"], left)
            for payment in books.payments
            if payment["captured"]
            and order_id in (None, payment["order_id"])
            and (left := payment["amount"] - disputed(books, payment["id"])) > 0
        ]
        if not open_to_it:
            return None
        payment_id, left = open_to_it[which % len(open_to_it)]
        return await self.world.sandbox.dispute(payment_id, amount=max(1, left * part // 100), phase="fraud")

    @precondition(lambda self: self.visits)
    @rule(which=Which, verdict=st.sampled_from(["lost", "lost", "won", "closed"]), told=st.booleans())
    def a_bank_decides(self, which: int, verdict: str, told: bool) -> None:
        self.run(self._decide_dispute(which, verdict, told=told))

    async def _decide_dispute(self, which: int, verdict: Any, *, told: bool) -> None:
        made = (await self.world.sandbox.books(self.world.account)).disputes
        undecided = [dispute for dispute in made if dispute["status"] == "open"]
        if undecided:
            await self.world.sandbox.decide_dispute(undecided[which % len(undecided)]["id"], verdict)
            if told:
                await self._deliver()

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part, back=Part, verdict=st.sampled_from(["lost", "lost", "won"]))
    def cancel_what_is_disputed(self, which: int, part: int, back: int, verdict: str) -> None:
        """What is owed back waits; a lost dispute then has given it, or some of it, already."""
        self.run(self._cancel_disputed(*self.one(which), part, back, verdict))

    async def _cancel_disputed(
        self, visit: Visit, payment_id: str, part: int, back: int, verdict: Any
    ) -> None:
        await self._deliver()
        await self.world.settle()
        shown = await self.world.payment(payment_id)
        if visit.status != "confirmed" or shown["gateway"] == "manual" or await self._failed(visit):
            return
        dispute = await self._dispute(0, part, shown["order_id"])
        if dispute is not None:
            await self._deliver()
            await self.world.settle()
            await self.world.cancel(visit, price_of(visit) * back // 100)
            await self.world.settle()
            await self.world.sandbox.decide_dispute(dispute["id"], verdict)
            await self._deliver()

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part, verdict=st.sampled_from(["lost", "won"]))
    def a_gateway_withholds_what_is_disputed(self, which: int, part: int, verdict: str) -> None:
        """Not how this gateway describes itself, so that its sandbox does not; but whatever is taken is booked."""
        self.run(self._withhold(which, part, verdict))

    async def _withhold(self, which: int, part: int, verdict: Any) -> None:
        await self._deliver()
        await self.world.settle()
        dispute = await self._dispute(which, part)
        if dispute is not None:
            taken = entities.dispute(dispute | {"amount_deducted": dispute["amount"]})
            for _ in range(2):
                await self.world.db.run(record_dispute, taken, source="gateway")
            await whole(self.world)
            await self.world.sandbox.decide_dispute(dispute["id"], verdict)
            await self._deliver()
            await self.world.settle()


def disputed(books: Statement, payment_id: str) -> int:
    """What of a payment is disputed, or was lost; what was won or closed may be disputed again."""
    return sum(
        dispute["amount"] if dispute["status"] == "open" else dispute["amount_deducted"]
        for dispute in books.disputes
        if dispute["payment_id"] == payment_id
    )
