"""The first figure: the reservation over HTTP, as a ratio to pgbench on the same statement in the same minutes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench.client import Plan, Result
from bench.clinic import Clinic, slot_id
from bench.pgbench import Pgbench
from bench.stack import NOTHING, Databases, Stack, serving
from niyat.kernel.ids import new_id

CLIENTS = 16
SECONDS = 2.0
"""About how long one side's turn lasts; the warm-up tells how many requests that is."""
WARM_UP_EACH = 60
LONGEST_SECONDS = 110.0
"""No round begins after that; on a slow or busy machine there are fewer of them."""
REASON = "A cough that does not go away"

COUNT = "SELECT count(*) FROM appointments"
FORGET_EVENTS = "UPDATE outbox SET published_at = niyat_now() WHERE published_at IS NULL"


@dataclass
class Side:
    """What one side did: requests (or transactions) a second in each round, and of all rounds each answer's time
    and what the server's process computed for one request, in seconds.
    """

    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    computing: list[float] = field(default_factory=list)

    each: int = WARM_UP_EACH

    def begin(self) -> None:
        """Forget the warm-up, but for how many requests of each client make a turn."""
        self.each = max(WARM_UP_EACH, int(self.rates[-1] * SECONDS / CLIENTS))
        self.rates, self.latencies, self.computing = [], [], []


@dataclass
class Figures:
    """The yardstick; the reservation, with its events left for later and with everything running; a no-op."""

    pgbench: Side = field(default_factory=Side)
    quiet: Side = field(default_factory=Side)
    busy: Side = field(default_factory=Side)
    nothing: Side = field(default_factory=Side)

    @property
    def sides(self) -> tuple[Side, Side, Side, Side]:
        return self.pgbench, self.quiet, self.busy, self.nothing


class Rounds:
    """Gives every side its turn, again and again."""

    def __init__(
        self, stack: Stack, clinic: Clinic, pgbench: Pgbench, folder: Path, tokens: Sequence[str]
    ) -> None:
        self.figures = Figures()
        self._stack = stack
        self._clinic = clinic
        self._pgbench = pgbench
        self._folder = folder
        self._tokens = tokens

    async def warm_up(self) -> None:
        """Two rounds that do not count, but for how long a turn is to be."""
        await self.once()
        await self.once()
        for side in self.figures.sides:
            side.begin()

    async def once(self) -> None:
        """One turn of every side. Raises RuntimeError when a reservation was refused or is not there."""
        db = self._stack.niyat.services["appointments"].db
        await self._by_pgbench(self.figures.pgbench)
        await self._reserve(self.figures.quiet)
        await db.execute(FORGET_EVENTS)  # pgbench's among them: only what a turn made is delivered in it
        self._stack.niyat.resume()
        await self._reserve(self.figures.busy)
        await self._stack.niyat.pause()
        side = self.figures.nothing
        await self._send(side, [[get(NOTHING)] * side.each] * CLIENTS, "200")
        if (made := await db.fetchval(COUNT)) != self._clinic.given_out:
            raise RuntimeError(f"{self._clinic.given_out} slots were to be reserved, and {made} are")

    async def _by_pgbench(self, side: Side) -> None:
        each = side.each
        first = await self._clinic.slots(each * CLIENTS)
        side.rates.append(
            await self._pgbench.transactions_per_second(self._folder, first, clients=CLIENTS, each=each)
        )

    async def _reserve(self, side: Side) -> None:
        each = side.each
        first = await self._clinic.slots(each * CLIENTS)
        requests = [
            [reserve(token, first + turn * CLIENTS + client) for turn in range(each)]
            for client, token in enumerate(self._tokens)
        ]
        await self._send(side, requests, "201")

    async def _send(self, side: Side, requests: list[list[str]], expected: str) -> None:
        plan = json.dumps(vars(Plan(self._stack.port, requests))).encode()
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.client"), stdin=pipe, stdout=pipe
        )
        before = time.process_time()  # the server is in this process
        out, _ = await process.communicate(plan)
        if process.returncode != 0:
            raise RuntimeError("the client failed")
        computing = time.process_time() - before
        result = Result(**json.loads(out))
        if set(result.statuses) != {expected}:
            raise RuntimeError(f"not every answer was {expected}: {result.statuses}")
        side.rates.append(len(result.latencies) / result.seconds)
        side.latencies += result.latencies
        side.computing.append(computing / len(result.latencies))


def reserve(token: str, number: int) -> str:
    """A whole request, as a browser's `fetch` would send it."""
    body = json.dumps({"slot_id": slot_id(number), "consultation_type": "VIDEO", "reason_for_visit": REASON})
    return (
        "POST /api/v1/appointments/reserve HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n"
        f"authorization: Bearer {token}\r\nidempotency-key: {new_id()}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    )


def get(path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n\r\n"


async def measure(of: Databases, folder: Path, rounds: int) -> Figures:
    """Up to `rounds` rounds after short ones that only warm everything up."""
    until = time.monotonic() + LONGEST_SECONDS
    urls = of.urls["appointments"]
    async with (
        serving(of, folder / "niyat.log") as stack,
        asyncpg.create_pool(urls.migration, min_size=1) as owner,
    ):
        pgbench = Pgbench(of.server.pgbench, urls.app, stack.configuration.appointments.policy, REASON)
        tokens = [await stack.token(new_id()) for _ in range(CLIENTS)]
        async with owner.acquire() as conn:
            run = Rounds(stack, await Clinic.open(conn), pgbench, folder, tokens)
            await run.warm_up()
            await run.once()
            while len(run.figures.pgbench.rates) < rounds and time.monotonic() < until:
                await run.once()
    return run.figures
