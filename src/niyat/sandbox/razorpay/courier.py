"""Carries webhooks to the merchants: five seconds to answer, retries with backoff, no order promised.

https://razorpay.com/docs/webhooks/ — after 24 hours of failures the merchant's webhook is disabled.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable
from dataclasses import dataclass

import httpx

from niyat.sandbox.razorpay import merchants
from niyat.sandbox.razorpay.merchants import Merchant
from niyat.sandbox.razorpay.signing import webhook_signature
from niyat.sandbox.world import World

_ANSWER_SECONDS = 5.0
_GIVE_UP_SECONDS = 24 * 3600.0
_LONGEST_BACKOFF_SECONDS = 3600.0
_AT_ONCE = 16


@dataclass(frozen=True)
class Try:
    event_id: str
    event: str
    status: int | None
    problem: str | None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Courier:
    def __init__(self, world: World) -> None:
        self._world = world
        self._client = httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False, follow_redirects=False)
        self._under_way: dict[str, asyncio.Task[Try]] = {}

    async def run(self) -> None:
        """Deliver what is due until cancelled."""
        while True:
            for event_id in self._due():
                self._start(event_id)
            await self._world.wait_until(self._next_due_at())

    async def close(self) -> None:
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._client.aclose()

    def send(self, event_id: str) -> Awaitable[Try]:
        """Send one event now, whatever its state (or join the try that is under way); await how it went."""
        return asyncio.shield(self._under_way.get(event_id) or self._start(event_id))

    def _start(self, event_id: str) -> asyncio.Task[Try]:
        task = asyncio.create_task(self.send_copy(event_id))
        self._under_way[event_id] = task
        task.add_done_callback(lambda _: self._done(event_id))
        return task

    async def send_copy(self, event_id: str) -> Try:
        """Send one event now even if a try of it is under way, and say how it went."""
        row = self._world.books.row("SELECT * FROM webhook_events WHERE id = ?", event_id)
        merchant = merchants.find(self._world.books, row["key_id"]) if row else None
        if row is None or merchant is None:
            raise KeyError(event_id)
        signature = _signature(merchant, row)
        attempt = await self._post(merchant, row, signature)
        self._write_down(row, merchant, signature, attempt)
        return attempt

    async def _post(self, merchant: Merchant, row: sqlite3.Row, signature: str | None) -> Try:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Razorpay-Webhook/v1",
            "x-razorpay-event-id": row["id"],
        }
        if signature is not None:
            headers["X-Razorpay-Signature"] = signature
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await self._client.post(
                    merchant.webhook_url, content=_as_sent(merchant, row["body"]), headers=headers
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as problem:
            return Try(row["id"], row["event"], None, type(problem).__name__)
        return Try(row["id"], row["event"], answer.status_code, None)

    def _write_down(self, row: sqlite3.Row, merchant: Merchant, signature: str | None, attempt: Try) -> None:
        books, now = self._world.books, self._world.clock.now()
        with books.transaction():
            books.run(
                "INSERT INTO webhook_tries (event_id, at, url, signature, status, problem)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row["id"],
                now,
                merchant.webhook_url,
                signature,
                attempt.status,
                attempt.problem,
            )
            if attempt.delivered:
                books.run(
                    "UPDATE webhook_events SET copies_left = max(copies_left - 1, 0),"
                    " state = iif(copies_left > 1, 'waiting', 'delivered'), due_at = ? WHERE id = ?",
                    now,
                    row["id"],
                )
            elif row["state"] == "waiting":
                self._retry_or_give_up(row, merchant, now)

    def _retry_or_give_up(self, row: sqlite3.Row, merchant: Merchant, now: float) -> None:
        books = self._world.books
        if now - row["created_at"] > _GIVE_UP_SECONDS:
            books.run("UPDATE webhook_events SET state = 'given-up' WHERE id = ?", row["id"])
            books.run("UPDATE merchants SET webhook_disabled = 1 WHERE key_id = ?", merchant.key_id)
            return
        backoff = min(merchant.webhook_retry_seconds * 2 ** row["failures"], _LONGEST_BACKOFF_SECONDS)
        books.run(
            "UPDATE webhook_events SET failures = failures + 1, due_at = ? WHERE id = ?",
            now + backoff,
            row["id"],
        )

    def _due(self) -> list[str]:
        rows = self._world.books.rows(
            "SELECT id FROM webhook_events WHERE state = 'waiting' AND due_at <= ? ORDER BY seq",
            self._world.clock.now(),
        )
        fresh = [row["id"] for row in rows if row["id"] not in self._under_way]
        return fresh[: max(0, _AT_ONCE - len(self._under_way))]

    def _done(self, event_id: str) -> None:
        del self._under_way[event_id]
        self._world.news.ring()

    def _next_due_at(self) -> float | None:
        """None: only news can make anything due."""
        row = self._world.books.row(
            "SELECT min(due_at) AS due_at FROM webhook_events WHERE state = 'waiting' AND due_at > ?",
            self._world.clock.now(),
        )
        return None if row is None else row["due_at"]


def _signature(merchant: Merchant, row: sqlite3.Row) -> str | None:
    """By the secret that was current when the event happened, unless told to sign wrongly."""
    match merchant.webhook_sign_with:
        case "missing":
            return None
        case "garbage":
            return webhook_signature("not the secret at all", row["body"])
        case "old":
            secret = merchant.previous_webhook_secret or row["secret"]
        case _:
            secret = row["secret"]
    return webhook_signature(secret, row["body"]) if secret else None


def _as_sent(merchant: Merchant, body: bytes) -> bytes:
    """The body, unless told to damage it on the way."""
    match merchant.webhook_corrupt:
        case "cut":
            return body[: len(body) * 2 // 3]
        case "altered":
            return re.sub(rb'("amount":)\d', rb"\g<1>9", body, count=1)
        case "reserialised":
            return json.dumps(json.loads(body)).encode()
        case _:
            return body
