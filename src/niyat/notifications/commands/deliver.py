"""Deliver what is due. Spans transactions: claim, commit; ask, render and send with none open; store the outcome.

Right before a message leaves, appointments is asked whether it is still so, and identity whom to reach. While
they do not answer it is withheld, never guessed. One bad recipient or template concerns itself alone.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

from niyat.kernel import correlation
from niyat.kernel.crash import crash_point
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.log import get_logger
from niyat.notifications.commands.claim import Claimed, claim_due, mark_missed
from niyat.notifications.commands.reach import CannotBeSent, NoLongerSo, Reached, reach
from niyat.notifications.commands.settle import Outcome, settle, withhold
from niyat.notifications.commands.templates import live_template
from niyat.notifications.domain import (
    MAX_TRIES,
    NotificationChannel,
    NotificationStatus,
    mask,
    wait_before_retry,
)
from niyat.notifications.errors import (
    DeliveryPostponed,
    DeliveryRefused,
    DeliveryUnknown,
    TemplateWrong,
)
from niyat.notifications.parts import Parts
from niyat.notifications.ports import (
    Invitation,
    Mail,
    Receipt,
    Text,
)
from niyat.notifications.rendering import Words, render

log = get_logger(__name__)

BATCH = 20
ATTEMPT_SECONDS = 90  # below the lease, so that nobody takes over what is still being sent
LONGEST_WITHHOLD_SECONDS = 60.0


async def deliver_due(parts: Parts) -> int:
    """Send everything that is due now; how many were claimed."""
    while await parts.db.run(mark_missed):
        pass
    total = 0
    while claimed := await parts.db.run(
        lambda conn: claim_due(conn, mail_domain=parts.mail_domain, limit=BATCH)
    ):
        crash_point("notifications:claimed")
        await asyncio.gather(*(_deliver_in_its_flow(parts, each) for each in claimed))
        total += len(claimed)
    return total


async def _deliver_in_its_flow(parts: Parts, claimed: Claimed) -> None:
    with correlation.bound(claimed.correlation_id):
        await _deliver(parts, claimed)


async def _deliver(parts: Parts, claimed: Claimed) -> None:
    outcome = Outcome(status=NotificationStatus.FAILED, channel=claimed.channel)
    if claimed.tries > MAX_TRIES:  # its workers died one after another
        await _settle(parts, claimed, replace(outcome, error_code="too-many-tries"))
        return
    try:
        reached = await reach(parts, claimed)
        crash_point("notifications:checked")
    except ServiceUnavailable:
        await _withhold(parts, claimed)
        return
    except NoLongerSo as no_longer:
        status = NotificationStatus.SUPPRESSED
        await _settle(parts, claimed, replace(outcome, status=status, error_code=no_longer.because))
        return
    except CannotBeSent as failed:
        await _settle(parts, claimed, replace(outcome, error_code=failed.error_code))
        return
    except Exception:
        log.exception("a notification could not be prepared", notification_id=str(claimed.id))
        await _settle(parts, claimed, _again(claimed, outcome, "unexpected"))
        return
    await _send(
        parts,
        claimed,
        reached,
        replace(outcome, channel=reached.channel, address_masked=mask(reached.address)),
    )


async def _send(parts: Parts, claimed: Claimed, reached: Reached, outcome: Outcome) -> None:
    try:
        async with parts.db.pool.acquire() as conn:
            template = await live_template(conn, claimed.type, reached.channel, reached.language)
        outcome = replace(outcome, template_version=template.version)
        words = render(template, reached.facts(template.language))
        async with asyncio.timeout(ATTEMPT_SECONDS):
            receipt = await _hand_over(parts, claimed, reached, words, reached.invitation(template.language))
    except (DeliveryRefused, TemplateWrong) as refused:
        error_code = refused.error_code if isinstance(refused, DeliveryRefused) else refused.code
        await _settle(parts, claimed, replace(outcome, error_code=error_code))
    except DeliveryPostponed as postponed:
        await _settle(parts, claimed, _again(claimed, outcome, postponed.error_code))
    except (DeliveryUnknown, TimeoutError) as unknown:
        error_code = unknown.error_code if isinstance(unknown, DeliveryUnknown) else "timeout"
        await _settle(parts, claimed, replace(_again(claimed, outcome, error_code), unknown=True))
    except Exception:
        log.exception("a notification could not be sent", notification_id=str(claimed.id))
        await _settle(parts, claimed, replace(_again(claimed, outcome, "unexpected"), unknown=True))
    else:
        crash_point("notifications:sent")
        sent = replace(outcome, status=NotificationStatus.SENT, provider=receipt.provider)
        await _settle(parts, claimed, replace(sent, provider_message_id=receipt.provider_message_id))
        crash_point("notifications:marked")


async def _hand_over(
    parts: Parts, claimed: Claimed, reached: Reached, words: Words, invitation: Invitation | None
) -> Receipt:
    if reached.channel is NotificationChannel.EMAIL:
        mail = Mail(
            to=reached.address,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=claimed.message_id,
            date=claimed.claimed_at,
            invitation=invitation,
        )
        return await parts.email.send(mail)
    if reached.channel is NotificationChannel.SMS and parts.sms is not None:
        text = Text(to=reached.address, text=words.text.strip(), maybe_sent_since=claimed.unknown_since)
        return await parts.sms.send(text)
    raise DeliveryRefused("channel-disabled")


def _again(claimed: Claimed, outcome: Outcome, error_code: str) -> Outcome:
    """Back into the queue with a wait, or failed when the tries are used up."""
    if claimed.tries >= MAX_TRIES:
        return replace(outcome, error_code=error_code)
    wait = wait_before_retry(claimed.tries, urgent=claimed.urgent, jitter=random.random())
    return replace(outcome, status=NotificationStatus.QUEUED, error_code=error_code, wait=wait)


async def _withhold(parts: Parts, claimed: Claimed) -> None:
    seconds = min(LONGEST_WITHHOLD_SECONDS, 1.0 * 2 ** min(claimed.withheld, 10))
    wait = timedelta(seconds=seconds * (0.5 + random.random() / 2))
    await parts.db.run(lambda conn: withhold(conn, claimed, because="cannot-be-checked", wait=wait))
    log.warning(
        "a notification is withheld: a service that must be asked does not answer",
        notification_id=str(claimed.id),
        type=claimed.type,
    )


async def _settle(parts: Parts, claimed: Claimed, outcome: Outcome) -> None:
    ours = await parts.db.run(lambda conn: settle(conn, claimed, outcome))
    fields = {
        "notification_id": str(claimed.id),
        "type": claimed.type,
        "status": outcome.status,
        "error_code": outcome.error_code,
        "tries": claimed.tries,
    }
    if ours:
        log.info("a notification was attempted", **fields)
    else:
        log.warning("a notification's lease was lost before its outcome was stored", **fields)
