"""Try a code on a challenge. Each try counts before the code is compared, so a thousand at once are still five.

New challenges give no new luck: the wrong codes of an address, and of whoever asked from one place, are limited too.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from niyat.identity.commands.limit import count_alone, hold
from niyat.identity.domain import CODE_TRIES, Address, Language, Limit, Limits
from niyat.identity.hashing import Keyed
from niyat.kernel.db import Connection

COUNT_TRY = """
UPDATE sign_in_challenges SET tries = tries + 1
WHERE id = $1 AND used_at IS NULL AND tries < $2 AND expires_at > niyat_now()
RETURNING channel, address, language, code_hash, tries
"""
WHOSE = "SELECT address, requester_hash FROM sign_in_challenges WHERE id = $1"
# When the limit is reached: the time until the first that counts leaves the window.
WAIT = """
SELECT min(created_at) + $2::interval - niyat_now() FROM sign_in_challenges
WHERE {column} = $1 AND created_at > niyat_now() - $2::interval AND tries > (used_at IS NOT NULL)::int
HAVING sum(tries - (used_at IS NOT NULL)::int) >= $3
"""
WAIT_OF_ADDRESS = WAIT.format(column="address")
WAIT_OF_REQUESTER = WAIT.format(column="requester_hash")
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


async def check_code(
    conn: Connection, keyed: Keyed, limits: Limits, challenge_id: UUID, code: str
) -> Proven | NotProven:
    """Use up the challenge if `code` is its code. A wrong try is an answer, not an error: it must be committed.

    Raises TooManyRequests; then the code was not looked at.
    """
    whose = await conn.fetchrow(WHOSE, challenge_id)
    if whose is None:
        return NotProven(0)
    await _hold(conn, WAIT_OF_ADDRESS, whose["address"], limits.wrong_of_address)
    await _hold(conn, WAIT_OF_REQUESTER, whose["requester_hash"], limits.wrong_of_requester)
    row = await conn.fetchrow(COUNT_TRY, challenge_id, CODE_TRIES)
    if row is None:
        return NotProven(0)
    if not hmac.compare_digest(row["code_hash"], keyed.code(challenge_id, code)):
        return NotProven(CODE_TRIES - int(row["tries"]))
    await conn.execute(USE, challenge_id)
    return Proven(Address(row["channel"], row["address"]), row["language"])


async def _hold(conn: Connection, wait_query: str, counted: str | bytes, limits: Sequence[Limit]) -> None:
    await count_alone(conn, counted)
    hold([await conn.fetchval(wait_query, counted, limit.window, limit.count) for limit in limits])
