"""Deliver what is due. Spans transactions: claim, commit; ask, word and send with none open; store each outcome.

A batch at a time: appointments is asked about all of it in one call, right before it is sent, and whatever waits
for its turn longer than that is worth is asked about again. While nobody answers it is withheld, never guessed.
"""

from __future__ import annotations

import asyncio
import time

from niyat.kernel.crash import crash_point
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.log import get_logger
from niyat.notifications.commands.ask import ask
from niyat.notifications.commands.attempt import ATTEMPT_SECONDS, attempt, put_back
from niyat.notifications.commands.claim import LEASE_SECONDS, Claimed, Lane, claim_due, mark_missed
from niyat.notifications.parts import Parts

log = get_logger(__name__)

BATCH = 50
MARGIN_SECONDS = 5


async def deliver_due(parts: Parts) -> int:
    """Everything that is due, on every lane, until nothing is; how many were claimed."""
    total = 0
    await give_up_late(parts)
    while claimed := sum(await asyncio.gather(*(deliver_lane(parts, lane) for lane in Lane))):
        total += claimed
    return total


async def give_up_late(parts: Parts) -> None:
    """Mark as missed what nobody should be told any more."""
    while await parts.db.run(mark_missed):
        pass


async def deliver_lane(parts: Parts, lane: Lane) -> int:
    """What is due on one lane; how many were claimed.

    It ends when nothing is due, or when a whole batch got nowhere: then nobody answers, and the others keep their
    tries until the next turn.
    """
    total = 0
    got_on = True
    while got_on:
        # No attempt begins when it could outlast the lease: somebody else would send the same message beside it.
        begin_until = time.monotonic() + LEASE_SECONDS - ATTEMPT_SECONDS - MARGIN_SECONDS
        claimed = await parts.db.run(
            claim_due, lane, mail_domain=parts.mail_domain, limit=BATCH, per_second=parts.per_second
        )
        if not claimed:
            break
        crash_point("notifications:claimed")
        got_on = await _batch(parts, claimed, begin_until)
        total += len(claimed)
    return total


async def _batch(parts: Parts, claimed: list[Claimed], begin_until: float) -> bool:
    """Whether any of them is over."""
    try:
        asked = await ask(parts, claimed)
    except ServiceUnavailable:
        log.warning(
            "notifications are withheld: a service that must be asked does not answer", count=len(claimed)
        )
        await put_back(parts, claimed, because="cannot-be-checked")
        return False
    crash_point("notifications:checked")
    done = await asyncio.gather(
        *(attempt(parts, each, asked, begin_until) for each in claimed), return_exceptions=True
    )
    # Each is waited for, so that none goes on unseen; what kept one from being stored ends the run.
    for wrong in done:
        if isinstance(wrong, BaseException):
            raise wrong
    return any(done)
