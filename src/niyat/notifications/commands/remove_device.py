"""Forget a device: its owner signs out of it, or the provider says that it is gone."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection

REMOVE = "DELETE FROM user_devices WHERE token = $1 AND account_id = $2"

FORGET = "DELETE FROM user_devices WHERE token = ANY ($1)"


async def remove_device(conn: Connection, account_id: UUID, token: str) -> None:
    """If it is this account's; otherwise nothing happens, and nobody learns whose it is."""
    await conn.execute(REMOVE, token, account_id)


async def forget_devices(conn: Connection, tokens: list[str]) -> None:
    """They take no push messages any more."""
    await conn.execute(FORGET, tokens)
