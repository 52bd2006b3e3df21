"""Signing keys: the first one, and a new one each month. A new key is published before it signs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from niyat.identity.domain import KEY_ANNOUNCED, KEY_LIFETIME, KEY_PUBLISHED_AFTER
from niyat.identity.hashing import Keyed
from niyat.identity.keys import NewKey, make_key, open_key
from niyat.kernel.db import Connection, Database
from niyat.kernel.log import get_logger

log = get_logger(__name__)

LOCK = "SELECT pg_advisory_xact_lock(22, 0)"
NEWEST = "SELECT kid, private_pem FROM signing_keys WHERE signs_until IS NULL"
IS_DUE = "SELECT signs_from <= niyat_now() - $1::interval FROM signing_keys WHERE signs_until IS NULL"
# A key that never got to sign cannot stop before it started.
STOP = """
UPDATE signing_keys SET signs_until = greatest(signs_from, niyat_now() + $2::interval)
WHERE kid = $1 AND signs_until IS NULL
"""
INSERT = """
INSERT INTO signing_keys (kid, private_pem, public_jwk, signs_from)
VALUES ($1, $2, $3, niyat_now() + $4::interval)
"""
FORGET = "DELETE FROM signing_keys WHERE signs_until < niyat_now() - $1::interval"


async def ensure_signing_key(db: Database, keyed: Keyed) -> None:
    """Make the first key, or replace one that another secret locked away, for use at once.

    Takes `db`: the key is made with no transaction open. Safe to run in several processes at once.
    """
    row = await db.fetchrow(NEWEST)
    if row is None or open_key(row["private_pem"], keyed) is None:
        unreadable = row["kid"] if row else None
        await _add(db, keyed, replaces=unreadable, announced=timedelta(0))


async def rotate_keys(db: Database, keyed: Keyed) -> None:
    """Announce the next key if the newest has signed for a month, and delete those whose tokens are all over."""
    await db.execute(FORGET, KEY_PUBLISHED_AFTER)
    newest = await db.fetchrow(NEWEST)
    if newest is not None and await db.fetchval(IS_DUE, KEY_LIFETIME):
        await _add(db, keyed, replaces=newest["kid"], announced=KEY_ANNOUNCED)


async def _add(db: Database, keyed: Keyed, *, replaces: str | None, announced: timedelta) -> None:
    key = await asyncio.to_thread(make_key, keyed)
    if await db.run(_store, key, replaces, announced):
        log.info("a new signing key", kid=key.kid, signs_in_seconds=announced.total_seconds())


async def _store(conn: Connection, key: NewKey, replaces: str | None, announced: timedelta) -> bool:
    await conn.execute(LOCK)
    newest = await conn.fetchrow(NEWEST)
    if (newest["kid"] if newest else None) != replaces:
        return False  # Another process was first.
    if replaces is not None:
        await conn.execute(STOP, replaces, announced)
    await conn.execute(INSERT, key.kid, key.private_pem, key.public_jwk, announced)
    return True
