"""A database whose every transaction is a savepoint of one that is never committed.

So a test can go back to where it was and try another way from there, thousands of times, over the real code and the
real PostgreSQL. Constraints that wait for a commit are checked by `branch` before it takes everything back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg

from niyat.kernel.db import Connection, Database


class _OneConnection:
    """What `Database` needs of a pool. One statement or transaction at a time, as a connection demands."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        async with self._lock:
            yield self.conn

    async def fetch(self, query: str, *args: object) -> Any:
        async with self._lock:
            return await self.conn.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> Any:
        async with self._lock:
            return await self.conn.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        async with self._lock:
            return await self.conn.fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        async with self._lock:
            return await self.conn.execute(query, *args)

    async def close(self) -> None:
        await self.conn.close()


class OneTransaction(Database):
    """Made by `begun`; what is done with it is gone when it is closed."""

    @classmethod
    async def begun(cls, url: str) -> OneTransaction:
        """A database on `url` whose transaction has begun. It stands at this instant by the database's clock."""
        own = await Database.connect(url, max_connections=1)
        conn = await own.dedicated_connection()
        await own.close()
        await conn.transaction().start()
        return cls(cast("asyncpg.Pool[asyncpg.Record]", _OneConnection(conn)), url)

    @asynccontextmanager
    async def branch(self) -> AsyncIterator[None]:
        """Whatever is done inside is taken back at its end. Raises what its commit would have raised."""
        async with self.pool.acquire() as conn:
            savepoint = conn.transaction()
            await savepoint.start()
        try:
            yield
            await self.execute("SET CONSTRAINTS ALL IMMEDIATE")
        finally:
            await savepoint.rollback()
