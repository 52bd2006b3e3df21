"""The first admin, by the command line: nobody can be asked before there is one."""

from __future__ import annotations

from uuid import UUID

from niyat.identity.commands.create_account import RECORD, NewAccount, create_account
from niyat.identity.domain import DEFAULT_TIME_ZONE, email_address, phone_number
from niyat.kernel.db import Connection
from niyat.kernel.errors import InvalidRequest

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
WHERE id = $1 RETURNING roles
"""


async def create_admin(
    conn: Connection,
    *,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    region: str = "IN",
    reason: str = "The first admin, by the command line",
) -> UUID:
    """Make an admin, or make the account with this phone or email one; its id. It signs in with a code to either.

    Raises InvalidRequest.
    """
    email, phone = _spelt(email, phone, region)
    found: UUID | None = await conn.fetchval(FIND, phone, email)
    if found is None:
        new = NewAccount(
            roles=["admin"], name=name, email=email, phone=phone, language="en", time_zone=DEFAULT_TIME_ZONE
        )
        made: UUID = (await create_account(conn, new, actor_id=None, reason=reason))["id"]
        return made
    roles = await conn.fetchval(PROMOTE, found)
    await conn.execute(RECORD, None, "made-admin", found, reason, {"roles": roles})
    return found


def _spelt(email: str | None, phone: str | None, region: str) -> tuple[str | None, str | None]:
    if email is None and phone is None:
        raise InvalidRequest("An admin needs an email or a phone to sign in with.")
    try:
        return (
            email_address(email) if email is not None else None,
            phone_number(phone, region) if phone is not None else None,
        )
    except ValueError as error:
        raise InvalidRequest(f"This is {error}.") from error
