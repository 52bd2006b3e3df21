"""Try a code on a challenge. Each try counts before the code is compared, so a thousand at once are still five."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import UUID

from niyat.identity.domain import CODE_TRIES, Address, Language
from niyat.identity.hashing import Keyed
from niyat.kernel.db import Connection

COUNT_TRY = """
UPDATE sign_in_challenges SET tries = tries + 1
WHERE id = $1 AND used_at IS NULL AND tries < $2 AND expires_at > niyat_now()
RETURNING channel, address, language, code_hash, tries
"""
USE = "UPDATE sign_in_challenges SET used_at = niyat_now() WHERE id = $1 AND used_at IS NULL"


@dataclass(frozen=True, slots=True)
class Proven:
    """Whoever tried the code reads this address."""

    address: Address
    language: Language


@dataclass(frozen=True, slots=True)
class NotProven:
    """The code is wrong, or the challenge unknown, used, expired or out of tries (then 0 are left)."""

    tries_left: int


async def check_code(conn: Connection, keyed: Keyed, challenge_id: UUID, code: str) -> Proven | NotProven:
    """Use up the challenge if `code` is its code. A wrong try is an answer, not an error: it must be committed."""
    row = await conn.fetchrow(COUNT_TRY, challenge_id, CODE_TRIES)
    if row is None:
        return NotProven(0)
    if not hmac.compare_digest(row["code_hash"], keyed.code(challenge_id, code)):
        return NotProven(CODE_TRIES - int(row["tries"]))
    await conn.execute(USE, challenge_id)
    return Proven(Address(row["channel"], row["address"]), row["language"])
