"""Carries what a provider says later to whoever asked for it: once each, in no promised order.

Status callbacks of text messages and mails that came back go the same way: stored first, posted when due, or held
until a test lets them go.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from typing import Literal

import httpx

from niyat.sandbox.world import World

_ANSWER_SECONDS = 10.0
_AT_ONCE = 16

Order = Literal["oldest-first", "newest-first", "shuffled"]


def put(
    world: World,
    *,
    sender: str,
    about: str,
    what: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    held: bool = False,
) -> None:
    """Inside a transaction of the books."""
    world.books.run(
        "INSERT INTO posts (sender, about, what, url, headers, body, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
        sender,
        about,
        what,
        url,
        json.dumps(dict(headers)),
        body,
        "held" if held else "waiting",
    )


class Postman:
    def __init__(self, world: World) -> None:
        self._world = world
        self._client = httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False, follow_redirects=False)
        self._under_way: set[int] = set()

    async def run(self) -> None:
        """Deliver what is due until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for number in self._due():
                    self._under_way.add(number)
                    tasks.create_task(self._carry(number))
                await self._world.wait_until(None)

    async def close(self) -> None:
        await self._client.aclose()

    async def flush(self, sender: str, order: Order, *, again: bool) -> list[dict[str, object]]:
        """Deliver what is held or waiting now, and with `again` what was delivered before, one after the other."""
        rows = self._world.books.rows(
            "SELECT id FROM posts WHERE sender = ? AND (state <> 'done' OR ?) ORDER BY id", sender, again
        )
        numbers = [int(row["id"]) for row in rows]
        if order == "newest-first":
            numbers.reverse()
        elif order == "shuffled":
            random.shuffle(numbers)
        return [await self.send(number) for number in numbers]

    async def send(self, number: int) -> dict[str, object]:
        row = self._world.books.row("SELECT * FROM posts WHERE id = ?", number)
        if row is None:
            raise KeyError(number)
        status, problem = None, None
        try:
            answer = await self._client.post(
                row["url"], content=row["body"], headers=json.loads(row["headers"])
            )
            status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = type(error).__name__
        with self._world.books.transaction():
            self._world.books.run(
                "UPDATE posts SET state = 'done', status = ?, problem = ? WHERE id = ?",
                status,
                problem,
                number,
            )
        return {"about": row["about"], "what": row["what"], "status": status, "problem": problem}

    async def _carry(self, number: int) -> None:
        try:
            await self.send(number)
        finally:
            self._under_way.discard(number)
            self._world.news.ring()

    def _due(self) -> list[int]:
        rows = self._world.books.rows("SELECT id FROM posts WHERE state = 'waiting' ORDER BY id")
        fresh = [int(row["id"]) for row in rows if row["id"] not in self._under_way]
        return fresh[: max(0, _AT_ONCE - len(self._under_way))]
