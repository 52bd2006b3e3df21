"""The line against a model of it: whatever people do, in whatever order, the same ones are offered the same times."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from niyat.appointments.waitlist import MOST_LAPSES
from tests.integration.appointments.lines import API, cancel, entry_of, join, pay
from tests.integration.appointments.world import Json, Person, World

PEOPLE, TIMES, STEPS = 5, 4, 30


@dataclass
class Line:
    """What should be: who waits in which order, who is offered which time, who has booked one.

    `let_go`: the times that somebody had and gave back since they joined; they are not offered those again.
    """

    waiting: list[int] = field(default_factory=list)
    offered: dict[int, int] = field(default_factory=dict)
    lapses: dict[int, int] = field(default_factory=dict)
    let_go: dict[int, set[int]] = field(default_factory=dict)
    had_by: dict[int, int | None] = field(default_factory=dict)

    def join(self, who: int) -> None:
        self.waiting.append(who)
        self.lapses[who], self.let_go[who] = 0, set()

    def free(self, time: int) -> None:
        """Whoever had it lets go of it: the first in line who has not done so gets it."""
        had_by = self.had_by.pop(time)
        if had_by is not None and had_by in self.let_go:
            self.let_go[had_by].add(time)
        chosen = next((who for who in self.waiting if time not in self.let_go[who]), None)
        if chosen is not None:
            self.waiting.remove(chosen)
            self.offered[chosen] = time
            self.had_by[time] = chosen

    def decline(self, who: int, place: int) -> None:
        time = self.offered.pop(who)
        self.waiting.insert(place, who)
        self.free(time)

    def lapse(self, who: int) -> None:
        time = self.offered.pop(who)
        self.lapses[who] += 1
        if self.lapses[who] < MOST_LAPSES:
            self.waiting.append(who)
        self.free(time)


class Play:
    """The real line beside its model. Someone outside of it, `None` in the model, takes what is free."""

    def __init__(self, world: World, doctor: Json, slots: list[Json], rules: random.Random) -> None:
        self.world, self.doctor, self.slots, self.rules = world, doctor, slots, rules
        self.people = [world.patient() for _ in range(PEOPLE)]
        self.model = Line()
        self.places: dict[int, int] = {}
        self.joined = 0
        self.holds: dict[int, tuple[Person, Json]] = {}

    async def step(self) -> None:
        await self.world.move(seconds=1)
        moves = [
            self.join,
            self.leave,
            self.take_outside,
            self.give_up,
            self.decline,
            self.accept,
            self.lapse,
        ]
        await self.rules.choice(moves)()
        await self.agree()

    async def join(self) -> None:
        outside = [n for n in range(PEOPLE) if n not in self.model.waiting and n not in self.model.offered]
        if outside:
            who = self.rules.choice(outside)
            await join(self.people[who], self.doctor)
            self.model.join(who)
            self._to_the_end(who)

    async def leave(self) -> None:
        inside = [*self.model.waiting, *self.model.offered]
        if inside:
            who = self.rules.choice(inside)
            entry = await entry_of(self.people[who])
            await self.people[who].call("DELETE", f"{API}/{entry['waitlist_entry_id']}")
            if who in self.model.waiting:
                self.model.waiting.remove(who)
            else:
                self.model.free(self.model.offered.pop(who))

    async def take_outside(self) -> None:
        times = [time for time in range(TIMES) if time not in self.model.had_by]
        if times:
            time = self.rules.choice(times)
            stranger = self.world.patient()
            self.holds[time] = (stranger, await self.world.paid(stranger, self.slots[time]))
            self.model.had_by[time] = None

    async def give_up(self) -> None:
        booked = [time for time in self.holds if time in self.model.had_by]
        if booked:
            time = self.rules.choice(booked)
            who, appointment = self.holds.pop(time)
            await cancel(who, appointment)
            self.model.free(time)

    async def decline(self) -> None:
        if self.model.offered:
            who = self.rules.choice(sorted(self.model.offered))
            await cancel(self.people[who], (await entry_of(self.people[who]))["offer"])
            before = sum(1 for other in self.model.waiting if self.places[other] < self.places[who])
            self.model.decline(who, before)

    async def accept(self) -> None:
        if self.model.offered:
            who = self.rules.choice(sorted(self.model.offered))
            entry = await entry_of(self.people[who])
            assert await pay(self.world, entry) == "secured"
            self.holds[self.model.offered.pop(who)] = (self.people[who], entry["offer"])

    async def lapse(self) -> None:
        """The offer that was made first, alone: the others are a second younger at least."""
        if self.model.offered:
            first = await self.world.db.fetchrow(
                "SELECT patient_id, hold_expires_at FROM appointments WHERE status = 'reserved'"
                " ORDER BY hold_expires_at, id LIMIT 1"
            )
            assert first
            who = next(n for n, person in enumerate(self.people) if person.id == first["patient_id"])
            await self.world.move_to(first["hold_expires_at"])
            assert await self.world.expire() == 1
            self.model.lapse(who)
            self._to_the_end(who)

    async def agree(self) -> None:
        rows = await self.world.db.fetch(
            "SELECT patient_id, status, appointment_id FROM waitlist_entries"
            " WHERE status IN ('waiting', 'offered') ORDER BY place"
        )
        number = {person.id: n for n, person in enumerate(self.people)}
        waiting = [number[row["patient_id"]] for row in rows if row["status"] == "waiting"]
        assert waiting == self.model.waiting
        offered = {number[row["patient_id"]]: row["appointment_id"] for row in rows if row["appointment_id"]}
        assert {who: await self._time_of(offered[who]) for who in offered} == self.model.offered
        starts = {slot["starts_at"]: n for n, slot in enumerate(self.slots)}
        free = {
            starts[s["starts_at"]] for s in await self.world.slots(self.doctor) if s["starts_at"] in starts
        }
        assert free == set(range(TIMES)) - self.model.had_by.keys()

    def _to_the_end(self, who: int) -> None:
        self.joined += 1
        self.places[who] = self.joined

    async def _time_of(self, appointment_id: UUID) -> int:
        slot_id = await self.world.db.fetchval(
            "SELECT slot_id FROM appointments WHERE id = $1", appointment_id
        )
        return [slot["slot_id"] for slot in self.slots].index(str(slot_id))


@pytest.mark.parametrize("seed", range(6))
async def test_the_line_is_as_its_model_says_after_every_step(world: World, seed: int) -> None:
    """`agree` holds the one against the other after each step."""
    doctor, _ = await world.doctor()
    slots = (await world.slots(doctor))[72 : 72 + TIMES]
    play = Play(world, doctor, slots, random.Random(seed))
    for _ in range(STEPS):
        await play.step()
