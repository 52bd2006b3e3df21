"""Ask for a one-time code. Nothing here looks at accounts, so nothing can tell whether an address has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from niyat.identity.commands.limit import count_alone, hold
from niyat.identity.domain import CODE_LIFETIME, Address, Language, Limit, Limits
from niyat.identity.errors import CodeNotSent
from niyat.identity.hashing import Keyed, new_code
from niyat.identity.ports import CodeSender, OneTimeCode
from niyat.kernel.db import Connection, Database
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger

log = get_logger(__name__)

INSERT = """
INSERT INTO sign_in_challenges (id, channel, address, language, code_hash, requester_hash, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, niyat_now() + $7::interval) RETURNING expires_at
"""
FORGET = "DELETE FROM sign_in_challenges WHERE id = $1 AND tries = 0"
# When the limit is reached: the time until the oldest that counts leaves the window.
WAIT = """
SELECT created_at + $2::interval - niyat_now() FROM sign_in_challenges
WHERE {counted} AND created_at > niyat_now() - $2::interval
ORDER BY created_at DESC OFFSET $3 LIMIT 1
"""
WAIT_OF_ADDRESS = WAIT.format(counted="address = $1")
WAIT_OF_REQUESTER = WAIT.format(counted="requester_hash = $1")
WAIT_OF_COUNTRY = WAIT.format(counted="channel = 'SMS' AND starts_with(address, $1)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the person who asked gets back."""

    id: UUID
    expires_at: datetime


async def request_code(
    db: Database,
    sender: CodeSender,
    keyed: Keyed,
    limits: Limits,
    address: Address,
    language: Language,
    ip: str,
) -> Challenge:
    """Store a challenge, then have its code sent, with no transaction open: so it takes `db`.

    Raises TooManyRequests, or CodeNotSent when notifications refused the code; the challenge is then withdrawn, so
    that the person may ask again at once.
    """
    challenge_id, code = new_id(), new_code()
    expires_at = await db.run(
        _store, keyed, limits, (challenge_id, code), address, language, keyed.requester(ip)
    )
    try:
        await sender.send(OneTimeCode(challenge_id, address, code, expires_at, language))
    except CodeNotSent:
        await db.execute(FORGET, challenge_id)
        raise
    except ServiceUnavailable:
        # An unknown outcome is no failure: the code may be on its way. So the challenge stands, and whoever asked
        # gets it, or the code that arrives would fit nothing. If none arrives, they ask again as always.
        log.warning("it is unknown whether a code goes out", challenge_id=str(challenge_id))
    return Challenge(challenge_id, expires_at)


async def _store(
    conn: Connection,
    keyed: Keyed,
    limits: Limits,
    secret: tuple[UUID, str],
    address: Address,
    language: Language,
    requester: bytes,
) -> datetime:
    await _hold(conn, WAIT_OF_ADDRESS, address.value, limits.address)
    country = address.country
    if country is not None and country != limits.home:
        await _hold(conn, WAIT_OF_COUNTRY, country, limits.country)
    await _hold(conn, WAIT_OF_REQUESTER, requester, limits.requester)
    expires_at: datetime = await conn.fetchval(
        INSERT,
        secret[0],
        address.channel,
        address.value,
        language,
        keyed.code(*secret),
        requester,
        CODE_LIFETIME,
    )
    return expires_at


async def _hold(conn: Connection, wait_query: str, counted: str | bytes, limits: Sequence[Limit]) -> None:
    """Raises TooManyRequests."""
    await count_alone(conn, counted)
    hold([await conn.fetchval(wait_query, counted, limit.window, limit.count - 1) for limit in limits])
