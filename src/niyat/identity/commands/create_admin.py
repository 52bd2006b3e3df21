"""The first admin, by the command line: nobody can be asked before there is one."""

from __future__ import annotations

from niyat.identity.commands.create_account import RECORD, NewAccount, create_account
from niyat.identity.domain import DEFAULT_TIME_ZONE
from niyat.kernel.db import Connection, Row

# An email stands on one account that verified it, and may stand unverified on others; who is an admin already comes
# first, so that nobody is made one for an address that an admin has.
FIND = """
SELECT id FROM accounts
WHERE phone = $1 OR (email = $2 AND (email_verified_at IS NOT NULL OR 'admin' = ANY (roles)))
ORDER BY (phone = $1) DESC NULLS LAST, ('admin' = ANY (roles)) DESC, (email_verified_at IS NOT NULL) DESC, id
LIMIT 1 FOR UPDATE
"""
PROMOTE = """
UPDATE accounts SET roles = array(SELECT DISTINCT unnest(roles || '{admin}'::text[]) ORDER BY 1),
       updated_at = niyat_now()
WHERE id = $1 RETURNING *
"""


async def create_admin(
    conn: Connection, *, name: str, email: str | None, phone: str | None, reason: str
) -> Row:
    """Make an admin, or make the account with this phone or email one. Addresses in their one spelling."""
    found = await conn.fetchval(FIND, phone, email)
    if found is None:
        new = NewAccount(
            roles=["admin"], name=name, email=email, phone=phone, language="en", time_zone=DEFAULT_TIME_ZONE
        )
        return await create_account(conn, new, actor_id=None, reason=reason)
    account: Row | None = await conn.fetchrow(PROMOTE, found)
    assert account is not None  # noqa: S101 - its row is locked
    await conn.execute(RECORD, None, "made-admin", found, reason, {"roles": account["roles"]})
    return account
