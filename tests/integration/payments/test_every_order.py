"""Every order in which facts about one payment can be heard of: the same facts, the same end and the same ledger.

Told one fact, payments goes from one state to the next, and where it is decides alone what comes of the next fact. So
every order of any length, with any duplicates, is a way through a graph of finitely many states, which is walked in
full, with the real code and the real database; then every way is looked at without them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from tests.support.money_facts import CALLBACK, POLL, Story, another_attempt, the_bank_says_yes_late
from tests.support.one_transaction import OneTransaction
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox

STORIES = [another_attempt, the_bank_says_yes_late]
WEBHOOKS = (
    "payment.authorized",
    "payment.captured",
    "order.paid",
    "payment.failed",
    "refund.created",
    "refund.processed",
)


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    db = await OneTransaction.begun(databases.url("payments"))
    async with payments_world(databases, sandbox, db=db) as running:
        yield running


@dataclass
class Walk:
    """The graph of states, by their text: where each fact leads, and where it ends when nothing more is told."""

    story: Story
    facts: tuple[str, ...]
    leads: dict[str, dict[str, str]] = field(default_factory=dict)
    ends: dict[str, Json] = field(default_factory=dict)

    async def everywhere(self) -> str:
        """Walk on from here; the name of this state."""
        here = json.dumps(await self.story.state(), sort_keys=True)
        if here not in self.leads:
            self.leads[here] = {}
            self.ends[here] = await self.story.end()
            for fact in self.facts:
                async with self.story.branch():
                    await self.story.tell(fact)
                    self.leads[here][fact] = await self.everywhere()
        return here

    def ends_by_facts(self, start: str) -> dict[frozenset[str], list[Json]]:
        """The ends that each set of facts can have, told in every order, any of them any number of times."""
        found: dict[frozenset[str], list[Json]] = {}
        seen: set[tuple[str, frozenset[str]]] = set()
        ahead: list[tuple[str, frozenset[str]]] = [(start, frozenset())]
        while ahead:
            state, told = ahead.pop()
            if (state, told) in seen:
                continue
            seen.add((state, told))
            ends = found.setdefault(told, [])
            if self.ends[state] not in ends:
                ends.append(self.ends[state])
            ahead += [(leads, told | {fact}) for fact, leads in self.leads[state].items()]
        return found


async def walked(story: Story, facts: tuple[str, ...]) -> dict[frozenset[str], list[Json]]:
    """The ends of every set of `facts`, of which there are two to the power of their number."""
    assert set(story.events) == set(WEBHOOKS)
    walk = Walk(story, facts)
    found = walk.ends_by_facts(await walk.everywhere())
    assert len(found) == 2 ** len(facts)
    return found


@pytest.mark.failure_row(3, 7, 8, 9, 10, 26, 60)
@pytest.mark.parametrize("happened", STORIES)
async def test_the_same_facts_end_the_same_in_every_order(
    world: World, happened: Callable[[World], Awaitable[Story]]
) -> None:
    found = await walked(await happened(world), (*WEBHOOKS, CALLBACK, POLL))
    for told, ends in found.items():
        assert len(ends) == 1, f"{sorted(told)} end in {len(ends)} ways: {ends}"
    for told, ends in found.items():
        if POLL in told:
            assert ends == found[frozenset({POLL})], f"{sorted(told)} end otherwise than the poll alone"


@pytest.mark.parametrize("happened", STORIES)
async def test_money_that_all_went_back_before_anybody_looked_keeps_no_place_in_any_order(
    world: World, happened: Callable[[World, int], Awaitable[Story]]
) -> None:
    found = await walked(await happened(world, PRICE), WEBHOOKS)
    for told, ends in found.items():
        # A place that may have been asked for meanwhile is let go of, which is a number and an event more.
        without = [_without_release(end) for end in ends]
        assert all(end == without[0] for end in without), f"{sorted(told)} end in more than one way: {ends}"


def _without_release(end: Json) -> Json:
    """The end as the books have it, and as the patient does."""
    (case,), (status, secured, _) = end["cases"], end["visit"]
    told = [kind for kind in end["told"] if kind != "PAYMENT_RELEASED"]
    return end | {"cases": case[:4] + case[5:], "visit": [status, secured], "told": told}


@pytest.mark.long
async def test_every_order_of_five_webhooks_goes_the_way_that_the_graph_of_states_says(world: World) -> None:
    """One by one, from the beginning, so that two states that look the same need not be."""
    story = await the_bank_says_yes_late(world)
    walk = Walk(story, WEBHOOKS)
    start = await walk.everywhere()
    tried = 0

    async def follow(state: str, left: int) -> None:
        nonlocal tried
        for fact in WEBHOOKS:
            async with story.branch():
                await story.tell(fact)
                leads = walk.leads[state][fact]
                assert json.dumps(await story.state(), sort_keys=True) == leads
                tried += 1
                if left > 1:
                    await follow(leads, left - 1)

    await follow(start, 5)
    assert tried == sum(len(WEBHOOKS) ** length for length in range(1, 6))
