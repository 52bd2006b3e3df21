"""A person changes what their account says of them.

A new email may be written to at once, but signs nobody in until a code shows that they read it: or an account
with somebody else's email would lie in wait for them.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg

from niyat.identity.commands.check_code import NotProven, check_code
from niyat.identity.domain import Address, Limits
from niyat.identity.errors import AccountNotFound, AddressTaken
from niyat.identity.hashing import Keyed
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.errors import InvalidRequest

LOCK = "SELECT * FROM accounts WHERE id = $1 FOR UPDATE"
UPDATE = """
UPDATE accounts SET name = $2, language = $3, time_zone = $4, email = $5,
       email_verified_at = CASE WHEN $6 THEN niyat_now() WHEN email = $5 THEN email_verified_at END,
       updated_at = niyat_now()
WHERE id = $1 RETURNING *
"""


async def update_account(conn: Connection, account_id: UUID, changes: dict[str, Any], *, proven: bool) -> Row:
    """Set `changes` (name, language, time_zone, email). `proven`: a code showed that they read the email.

    Raises AddressTaken, AccountNotFound, or InvalidRequest when nothing would be left to sign in with.
    """
    row = await conn.fetchrow(LOCK, account_id)
    if row is None:
        raise AccountNotFound
    new = {**dict(row), **changes}
    still_verified = proven or (new["email"] == row["email"] and row["email_verified_at"] is not None)
    if row["phone"] is None and not still_verified:
        raise InvalidRequest(
            "This account signs in by its email: show that you read the new one, with challenge_id and code."
        )
    try:
        return await one(
            conn, UPDATE, account_id, new["name"], new["language"], new["time_zone"], new["email"], proven
        )
    except asyncpg.UniqueViolationError:
        raise AddressTaken from None


async def prove_email(
    conn: Connection, keyed: Keyed, limits: Limits, challenge_id: UUID, code: str, email: str
) -> NotProven | None:
    """None when `code` shows that its sender reads `email`. A wrong try is an answer: it must be committed.

    Raises TooManyRequests.
    """
    checked = await check_code(conn, keyed, limits, challenge_id, code)
    if isinstance(checked, NotProven):
        return checked
    return None if checked.address == Address("EMAIL", email) else NotProven(0)
