"""A service's database: a pool of connections and one way to run a transaction, `Database.run`.

A command is a function of an open transaction; only `run` commits. It tries once more when PostgreSQL
reports a deadlock or a serialization failure, so a command must keep its effects inside its transaction.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import asyncpg

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Row: TypeAlias = asyncpg.Record
T = TypeVar("T")
P = ParamSpec("P")

TRY_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


class Database:
    """One service's database. Statements run alone through `fetch…`/`execute`; transactions through `run`."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], url: str) -> None:
        self.pool = pool
        self._url = url
        self._after_commit: list[Callable[[], None]] = []

    @classmethod
    async def connect(cls, url: str, *, max_connections: int = 10) -> Database:
        """Open a pool on `url`. jsonb is read and written as Python values."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=max_connections,
            init=_prepare,
            command_timeout=60,
            connection_class=_PooledConnection,
        )
        return cls(pool, url)

    async def close(self) -> None:
        await self.pool.close()

    async def run(
        self, command: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `command(conn, …)` in one transaction and commit; once more after a deadlock or serialization failure."""
        return await self.again(lambda: self._once(command, *args, **kwargs))

    async def rehearse(
        self, command: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `command(conn, …)` in one transaction and take it back: its answer says what it would do."""

        async def once() -> T:
            async with self.pool.acquire() as conn:
                transaction = conn.transaction()
                await transaction.start()
                try:
                    return await command(conn, *args, **kwargs)
                finally:
                    await transaction.rollback()

        return await self.again(once)

    async def again(self, work: Callable[[], Awaitable[T]]) -> T:
        """`work()`, whose effects are one transaction's; once more when PostgreSQL says that this may help."""
        try:
            return await work()
        except TRY_AGAIN:
            return await work()

    async def _once(
        self, command: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self.pool.acquire() as conn, conn.transaction():
            result = await command(conn, *args, **kwargs)
        self.committed()
        return result

    def on_commit(self, poke: Callable[[], None]) -> None:
        """Call `poke` after every commit made here (the outbox relay listens, so that it need not poll fast)."""
        self._after_commit.append(poke)

    def committed(self) -> None:
        """Say that a commit was made on this database (`run` says so itself; single statements that publish must)."""
        for poke in self._after_commit:
            poke()

    async def dedicated_connection(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection outside the pool, for session-level advisory locks. The caller closes it."""
        conn = await asyncpg.connect(self._url)
        await _prepare(conn)
        return conn

    async def fetch(self, query: str, *args: object) -> list[Row]:
        return await self.pool.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> Row | None:
        return await self.pool.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        return await self.pool.fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self.pool.execute(query, *args)


Reader: TypeAlias = "Database | Connection"
"""What a query needs: it reads alone, or inside somebody's transaction."""


async def one(reader: Reader, query: str, *args: object) -> Row:
    """The row of a statement that always has one."""
    row = await reader.fetchrow(query, *args)
    if row is None:
        raise LookupError(query.split()[0])
    return row


def rows_affected(tag: str) -> int:
    """The number in what `execute` answers: 3 for `UPDATE 3`."""
    return int(tag.rpartition(" ")[2])


class _PooledConnection(asyncpg.Connection):
    """Keeps no session state (no SET, LISTEN, cursor or session lock), so giving it back needs no round trip to
    reset it; that trip would cost a reservation a sixth of its speed or more.
    """

    def get_reset_query(self) -> str:
        return ""


async def _prepare(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    for name in ("json", "jsonb"):
        await conn.set_type_codec(name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
