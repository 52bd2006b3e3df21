"""One message of a batch: worded, handed over, its outcome stored. Whatever is wrong with it stays with it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

from asyncpg.exceptions import UniqueViolationError

from niyat.kernel import correlation
from niyat.kernel.backoff import delay
from niyat.kernel.crash import crash_point
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.log import get_logger
from niyat.notifications.categories import CATEGORY
from niyat.notifications.commands.ask import Asked, ask
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.fallback import PATIENCE, ways
from niyat.notifications.commands.hand_over import hand_over
from niyat.notifications.commands.not_sent import AtNight, CannotBeSent, NoAddress, NoLongerSo, NotYet
from niyat.notifications.commands.reach import reach
from niyat.notifications.commands.settle import Outcome, keep_until, settle, withhold
from niyat.notifications.commands.templates import live_template
from niyat.notifications.domain import MAX_TRIES, NotificationChannel, NotificationStatus, mask
from niyat.notifications.errors import (
    DeliveryPostponed,
    DeliveryRefused,
    DeliveryUnknown,
    TemplateWrong,
)
from niyat.notifications.invitations import INVITED_BY
from niyat.notifications.parts import Parts
from niyat.notifications.rendering import render

log = get_logger(__name__)

ATTEMPT_SECONDS = 60
"""Well below the lease, so that nobody takes over what is still being sent."""

_S = NotificationStatus


async def attempt(parts: Parts, claimed: Claimed, asked: Asked, begin_until: float) -> bool:
    """Send it when its turn comes, before `begin_until` on the monotonic clock; whether it is over."""
    with correlation.bound(claimed.correlation_id):
        async with parts.turns.turn(claimed.channel, urgent=claimed.urgent):
            late = time.monotonic() > begin_until
            if not late and not asked.fresh(claimed):
                try:
                    asked = await ask(parts, [claimed])
                except ServiceUnavailable:
                    await put_back(parts, [claimed], because="cannot-be-checked")
                    return False
                late = time.monotonic() > begin_until  # asking takes time too
            if late:
                await put_back(parts, [claimed], because="not-in-time")
                return False
            if claimed.id in asked.days.unanswered:
                await put_back(parts, [claimed], because="cannot-be-checked")
                return False
            return await _attempt(parts, claimed, asked)


async def put_back(parts: Parts, claimed: list[Claimed], *, because: str) -> None:
    """Untried: nobody can say whether it is still so, or it is not its turn."""
    await parts.db.run(withhold, claimed, because=because)


async def _attempt(parts: Parts, claimed: Claimed, asked: Asked) -> bool:
    outcome = Outcome(status=_S.FAILED, channel=claimed.channel, tries=claimed.tries)
    if claimed.tries > MAX_TRIES:  # its workers died one after another
        return await _store(parts, claimed, replace(outcome, error_code="too-many-tries"))
    try:
        outcome = await _send(parts, claimed, asked, outcome)
    except NotYet:
        await put_back(parts, [claimed], because="another-is-on-its-way")
        return False
    except AtNight as night:
        await parts.db.run(keep_until, claimed, night.until)
        return True
    except NoLongerSo as no_longer:
        outcome = replace(outcome, status=_S.SUPPRESSED, error_code=no_longer.because)
    except CannotBeSent as wrong:
        outcome = replace(outcome, error_code=wrong.error_code)
    return await _store(parts, claimed, outcome)


async def _send(parts: Parts, claimed: Claimed, asked: Asked, outcome: Outcome) -> Outcome:
    handed_over = False
    try:
        reached = reach(parts, claimed, asked)
        outcome = replace(outcome, address_masked=mask(reached.address))
        async with parts.db.pool.acquire() as conn:
            template = await live_template(conn, claimed.type, claimed.channel, reached.language)
        outcome = replace(outcome, template_version=template.version)
        words = render(template, reached.facts(template.language))
        handed_over = True
        async with asyncio.timeout(ATTEMPT_SECONDS):
            receipt = await hand_over(parts, claimed, reached, words, template.language)
    except NoAddress as nowhere:
        outcome = replace(outcome, error_code=nowhere.because, nowhere=True)
        return _or_elsewhere(parts, claimed, asked, outcome)
    except (NoLongerSo, CannotBeSent, NotYet, AtNight):
        raise
    except TemplateWrong as wrong:
        return _or_elsewhere(parts, claimed, asked, replace(outcome, error_code=wrong.code))
    except DeliveryRefused as refused:
        return _or_elsewhere(parts, claimed, asked, replace(outcome, error_code=refused.error_code))
    except DeliveryPostponed as postponed:
        outcome = replace(outcome, error_code=postponed.error_code)
        return _again(parts, claimed, asked, outcome, postponed.retry_after)
    except (DeliveryUnknown, TimeoutError) as unknown:
        error_code = unknown.error_code if isinstance(unknown, DeliveryUnknown) else "timeout"
        return _again(parts, claimed, asked, replace(outcome, error_code=error_code, unknown=True))
    except Exception as error:
        log.exception("a notification could not be sent", notification_id=str(claimed.id))
        error_code = f"unexpected-{type(error).__name__}"
        outcome = replace(outcome, error_code=error_code, unknown=handed_over)
        return _again(parts, claimed, asked, outcome)
    crash_point("notifications:sent")
    return replace(
        outcome,
        status=_S.SENT,
        provider=receipt.provider,
        provider_message_id=receipt.provider_message_id,
    )


def _or_elsewhere(parts: Parts, claimed: Claimed, asked: Asked, outcome: Outcome) -> Outcome:
    """As it is, unless another channel takes over."""
    return replace(outcome, ways=ways(parts, claimed, asked))


def _again(
    parts: Parts, claimed: Claimed, asked: Asked, outcome: Outcome, at_least: timedelta | None = None
) -> Outcome:
    """Back into the queue with a wait; when patience ends to another channel; failed when the tries are used up.

    A mail that calendars follow goes on beside the other channel: they must hear of it, too, however late.
    """
    if claimed.tries < MAX_TRIES:
        wait = (
            delay(claimed.tries, base_seconds=1, longest_seconds=15)  # somebody waits for it
            if claimed.urgent
            else delay(claimed.tries, base_seconds=10, longest_seconds=3600)
        )
        beside = claimed.channel is NotificationChannel.EMAIL and claimed.type in INVITED_BY
        outcome = replace(outcome, status=_S.QUEUED, wait=max(wait, at_least or timedelta()), beside=beside)
    if claimed.tries >= PATIENCE[CATEGORY[claimed.type]]:
        outcome = _or_elsewhere(parts, claimed, asked, outcome)
    return outcome


async def _store(parts: Parts, claimed: Claimed, outcome: Outcome) -> bool:
    try:
        settled = await parts.db.run(settle, claimed, outcome)
    except UniqueViolationError:  # the same was planned just now where it was to go: there it is told
        settled = await parts.db.run(settle, claimed, outcome)
    crash_point("notifications:marked")
    if settled is None:
        log.warning(
            "a notification's lease was lost before its outcome was stored", **_said(claimed, outcome)
        )
        return outcome.status is not _S.QUEUED
    log.info("a notification was attempted", **_said(claimed, settled))
    return settled.status is not _S.QUEUED or settled.next_channel is not None


def _said(claimed: Claimed, outcome: Outcome) -> dict[str, object]:
    return {
        "notification_id": str(claimed.id),
        "type": claimed.type,
        "channel": outcome.channel,
        "status": outcome.status,
        "error_code": outcome.error_code,
        "tries": claimed.tries,
    }
