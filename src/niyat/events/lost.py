"""How a lost connection shows. asyncpg says it in many ways, depending on what it was doing when the server went."""

from __future__ import annotations

import asyncpg
from asyncpg.exceptions import InternalClientError

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    InternalClientError,
    ConnectionError,
)


def connection_lost(error: BaseException) -> bool:
    """Whether `error` says that the connection is gone. (asyncpg's DataError is an InterfaceError, but is not.)"""
    return isinstance(error, LOST) and not isinstance(error, ValueError)
