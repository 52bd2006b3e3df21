"""An admin makes an account: a doctor's, another admin's, or a patient's at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from niyat.identity.domain import Language, Role
from niyat.identity.errors import AddressTaken
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.ids import new_id

# The admin vouches for the email: whoever reads it is the person.
INSERT = """
INSERT INTO accounts (id, roles, name, email, email_verified_at, phone, language, time_zone)
VALUES ($1, $2, $3, $4, CASE WHEN $4::text IS NOT NULL THEN niyat_now() END, $5, $6, $7) RETURNING *
"""
RECORD = "INSERT INTO audit_log (actor_id, action, account_id, reason, details) VALUES ($1, $2, $3, $4, $5)"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an admin says of somebody; addresses in their one spelling, at least one of them."""

    roles: Sequence[Role]
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    language: Language
    time_zone: str


async def create_account(conn: Connection, new: NewAccount, *, actor_id: UUID | None, reason: str) -> Row:
    """The new account's row. Raises AddressTaken. `actor_id` is None on the command line."""
    roles = sorted(set(new.roles))
    try:
        account = await one(
            conn, INSERT, new_id(), roles, new.name, new.email, new.phone, new.language, new.time_zone
        )
    except asyncpg.UniqueViolationError:
        raise AddressTaken from None
    await conn.execute(RECORD, actor_id, "account-created", account["id"], reason, {"roles": roles})
    return account
