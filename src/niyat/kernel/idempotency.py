"""`Idempotency-Key`: the same request sent twice has one effect and gets the same answer both times.

Keys are scoped to (account, route). The answer is stored in the transaction of the command itself, so there is
no moment at which one exists without the other. Only successes are stored: a refusal changed nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Who
from niyat.kernel.db import Connection, Database, Reader, rows_affected
from niyat.kernel.errors import IdempotencyKeyReused, NiyatError

FIND = (
    "SELECT fingerprint, status, body FROM idempotency_keys WHERE account_id = $1 AND route = $2 AND key = $3"
)
STORE = """
INSERT INTO idempotency_keys (account_id, route, key, fingerprint, status, body) VALUES ($1, $2, $3, $4, $5, $6)
"""
FORGET = """
DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency_keys WHERE created_at < niyat_now() - interval '7 days' LIMIT 10000))
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that can be stored and given again."""

    status: int
    body: Any

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status)


@dataclass(frozen=True, slots=True)
class Once:
    """One request's claim to happen once. Without a key it is simply carried out."""

    account_id: UUID
    route: str
    key: str | None
    fingerprint: str


async def stored_answer(reader: Reader, once: Once) -> Answer | None:
    """The answer already given to this key. Raises IdempotencyKeyReused for another request."""
    if once.key is None:
        return None
    row = await reader.fetchrow(FIND, once.account_id, once.route, once.key)
    if row is None:
        return None
    if row["fingerprint"] != once.fingerprint:
        raise IdempotencyKeyReused
    return Answer(row["status"], row["body"])


async def answer_once(db: Database, once: Once, command: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Run `command` in a transaction that stores its answer, or give the answer it gave before.

    Two simultaneous equal requests: the second fails on the first's rows or on the key, and then reads its answer.
    """
    if stored := await stored_answer(db, once):
        return stored

    async def first(conn: Connection) -> Answer:
        answer = await command(conn)
        if once.key is not None:
            await conn.execute(
                STORE, once.account_id, once.route, once.key, once.fingerprint, answer.status, answer.body
            )
        return answer

    try:
        return await db.run(first)
    except (NiyatError, asyncpg.UniqueViolationError):
        if stored := await stored_answer(db, once):
            return stored
        raise


async def forget(conn: Connection) -> int:
    """Delete up to ten thousand keys older than a week; how many. A retry comes within minutes."""
    return rows_affected(await conn.execute(FORGET))


async def _once(
    request: Request,
    who: Who,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=255, description="Makes a retry of this request safe")
    ] = None,
) -> Once:
    raw = await request.body()
    try:
        canonical = json.dumps(json.loads(raw or b"null"), sort_keys=True).encode()
    except (ValueError, RecursionError):
        canonical = raw
    fingerprint = hashlib.sha256(request.url.path.encode() + b"\n" + canonical).hexdigest()
    route = f"{request.method} {request.scope['route'].path}"
    return Once(who.account_id, route, idempotency_key, fingerprint)


OnceOnly = Annotated[Once, Depends(_once)]
