"""Reminders that are due, drained by two workers in processes of their own while visits are cancelled and moved,
beside PostgreSQL's bare claim and mark of as many rows. The services that are asked, and the providers, answer at once:
what is measured is ours. What the providers took is held against what is marked, and against the visits.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TypeVar
from uuid import UUID

import asyncpg

from bench.postbox import Accounts, Mailbox, Phone, Postbox, Taken
from bench.stack import Databases
from bench.visits import Appointments, Named, Visits, change
from niyat.kernel import log
from niyat.kernel.db import Database, Row
from niyat.kernel.ids import new_id
from niyat.notifications.addresses import AddressKey
from niyat.notifications.commands.claim import CLAIM_ON_CHANNEL, LEASE_SECONDS
from niyat.notifications.commands.deliver import BATCH, deliver_due
from niyat.notifications.commands.templates import seed_templates
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.parts import Parts
from niyat.notifications.sealing import Seal
from niyat.notifications.unsubscribing import UnsubscribeLinks

WORKERS = 2
OFFSETS = [5, 15, 60, 120, 1440]
PER_VISIT = len(OFFSETS) * 2
"""By mail and by text message."""
SECRET = "what is measured here has no secrets"
CHANGED = 0.1
"""The share of the visits that are cancelled or moved meanwhile."""
T = TypeVar("T")

WISHES = "INSERT INTO user_notification_settings (account_id, reminder_offsets_minutes) SELECT unnest($1::uuid[]), $2"
CHOICES = """
INSERT INTO user_notification_preferences (account_id, type, channel, enabled)
SELECT unnest($1::uuid[]), 'APPOINTMENT_REMINDER', 'SMS', true
"""
PLAN = """
INSERT INTO scheduled_notifications
    (id, type, channel, account_id, appointment_id, revision, offset_minutes, dedupe_key, due_at, next_at, too_late_at)
SELECT uuidv7(), 'APPOINTMENT_REMINDER', c.channel, v.id, v.id, 0, o.minutes,
    'reminder:' || v.id || ':' || o.minutes || ':' || c.channel,
    niyat_now() - interval '1 minute', niyat_now() - interval '1 minute', niyat_now() + interval '10 hours'
FROM unnest($1::uuid[]) AS v (id) CROSS JOIN unnest($2::bigint[]) AS o (minutes)
CROSS JOIN (VALUES ('EMAIL'), ('SMS')) AS c (channel)
"""
MARK = """
WITH sent AS (
    UPDATE scheduled_notifications SET status = 'sent', lease = NULL, lease_until = NULL, finished_at = niyat_now()
    WHERE id = ANY ($1) AND status = 'sending' AND lease = $2 RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries)
SELECT id, status, channel, message_id, tries FROM sent
"""
SENT = """
SELECT count(*) FILTER (WHERE n.status = 'sent' AND l.count = 1) FROM scheduled_notifications n
JOIN LATERAL (SELECT count(*) FROM notification_logs WHERE notification_id = n.id AND status = 'sent') l ON true
WHERE n.appointment_id = ANY ($1)
"""
# A moved visit's new reminders are not due yet.
STILL_DUE = """
SELECT count(*) FROM scheduled_notifications
WHERE appointment_id = ANY ($1) AND status IN ('queued', 'sending') AND due_at <= niyat_now()
"""
ENDED = """
SELECT n.id, n.type, n.channel, n.status, n.appointment_id,
       (SELECT count(*) FROM notification_logs WHERE notification_id = n.id AND status = 'sent') AS logs
FROM scheduled_notifications n WHERE n.appointment_id = ANY ($1) AND n.due_at <= niyat_now()
"""
ENDS = frozenset({"sent", "suppressed"})
CHANGES = frozenset({"APPOINTMENT_CANCELLED", "APPOINTMENT_RESCHEDULED"})


@dataclass
class Figures:
    """Seconds of each round for the same number of messages; `wrong`: not over, or not sent once."""

    messages: int
    bare: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    wrong: int = 0
    stale: int = 0
    changed: int = 0
    told: int = 0
    withheld: int = 0
    latest: float = 0.0


async def measure(of: Databases, reminders: int, rounds: int) -> Figures:
    """`reminders` in all, in `rounds` turns; as many are claimed and marked bare beside them."""
    url = of.urls["notifications"].app
    figures = Figures(reminders // rounds // PER_VISIT * PER_VISIT)
    db = await Database.connect(url, max_connections=4)
    await db.run(seed_templates)
    context = get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_prepare) as workers:
        await asyncio.gather(*(_on(workers, _nothing, url) for _ in range(WORKERS)))
        for _ in range(rounds):
            for turn in (_bare_turn, _our_turn):
                with Visits.made(figures.messages // PER_VISIT, WORKERS) as visits:
                    await db.execute(WISHES, visits.ids, OFFSETS)
                    await db.execute(CHOICES, visits.ids)
                    await db.execute(PLAN, visits.ids, OFFSETS)
                    await db.execute("ANALYZE scheduled_notifications")
                    await turn(db, workers, url, visits, figures)
    await db.close()
    return figures


async def _bare_turn(
    db: Database, workers: ProcessPoolExecutor, url: str, visits: Visits, figures: Figures
) -> None:
    started = time.perf_counter()
    await asyncio.gather(*(_on(workers, _bare, url) for _ in range(WORKERS)))
    figures.bare.append(time.perf_counter() - started)
    figures.wrong += figures.messages - await db.fetchval(SENT, visits.ids)


async def _our_turn(
    db: Database, workers: ProcessPoolExecutor, url: str, visits: Visits, figures: Figures
) -> None:
    over = asyncio.Event()
    changing = asyncio.create_task(change(db, visits, figures.messages, CHANGED, over))
    started = time.perf_counter()
    at_work = [_on(workers, _ours, url, visits.named, number) for number in range(WORKERS)]
    taken = await asyncio.gather(*at_work)
    figures.ours.append(time.perf_counter() - started)
    over.set()
    changed = await changing
    while await db.fetchval(STILL_DUE, visits.ids):  # what a change left to be told waited for its turn
        taken.append(await _on(workers, _ours, url, visits.named, 0))
        await asyncio.sleep(1)
    _judge(figures, await db.fetch(ENDED, visits.ids), taken, set(changed))


def _judge(figures: Figures, rows: Sequence[Row], taken: Sequence[Taken], changed: Set[UUID]) -> None:
    """What the providers took is what is marked, once each; every visit's messages are over, and every change told."""
    mails, texts = Counter(mail for each in taken for mail in each.mails), Counter[UUID]()
    for each in taken:
        texts.update(each.texts)
        figures.stale += each.stale
        figures.latest = max(figures.latest, each.latest)
    sent = [row for row in rows if row["status"] == "sent"]
    marked_mails = Counter(row["id"] for row in sent if row["channel"] == "EMAIL")
    marked_texts = Counter(row["appointment_id"] for row in sent if row["channel"] == "SMS")
    for ours, theirs in ((mails, marked_mails), (texts, marked_texts)):
        figures.wrong += ((ours - theirs) + (theirs - ours)).total()
    figures.wrong += sum(row["logs"] != 1 for row in sent)
    reminders = [row for row in rows if row["type"] == "APPOINTMENT_REMINDER"]
    held_back = [row for row in reminders if row["status"] == "suppressed"]
    figures.wrong += abs(figures.messages - len(reminders))
    figures.wrong += sum(row["status"] not in ENDS for row in reminders)
    figures.wrong += sum(row["appointment_id"] not in changed for row in held_back)
    figures.withheld += len(held_back)
    figures.changed += len(changed)
    told = {row["appointment_id"] for row in sent if row["type"] in CHANGES} & changed
    figures.told += len(told)
    figures.wrong += len(changed - told)


def table(figures: Figures) -> str:
    """What a message costs on both sides, and the share of the bare statements' speed that delivery reaches."""
    ratios = [bare / ours for bare, ours in zip(figures.bare, figures.ours, strict=True)]
    rates = (figures.messages / median(figures.bare), figures.messages / median(figures.ours))
    return (
        f"{len(ratios)} rounds of {figures.messages:,} reminders of {figures.messages // PER_VISIT:,} visits,"
        f" {WORKERS} workers\n"
        f"bare claim and mark        {rates[0]:>9,.0f} a second\n"
        f"delivered                  {rates[1]:>9,.0f} a second   ratio {median(ratios):.3f}"
        f" ({min(ratios):.3f}-{max(ratios):.3f})\n"
        f"cancelled or moved         {figures.changed:>9,} visits meanwhile; {figures.told:,} were told of it\n"
        f"held back because of it    {figures.withheld:>9,} reminders\n"
        f"not sent, or twice         {figures.wrong:>9,}\n"
        f"stale                      {figures.stale:>9,}   the last one that had been asked about before left"
        f" {figures.latest:.1f} s after its visit changed"
    )


def _on(workers: ProcessPoolExecutor, work: Callable[..., T], *arguments: object) -> Awaitable[T]:
    return asyncio.get_running_loop().run_in_executor(workers, work, *arguments)


def _prepare() -> None:
    log.configure(json=True, to=Path(os.devnull).open("w"))  # noqa: SIM115 - as long as the process


def _nothing(_: str) -> None:
    """So that starting the processes is not measured."""


def _bare(url: str) -> None:
    asyncio.run(_claim_and_mark(url))


async def _claim_and_mark(url: str) -> None:
    conn = await asyncpg.connect(url)
    for channel in (NotificationChannel.EMAIL, NotificationChannel.SMS):
        lease = new_id()
        while rows := await conn.fetch(
            CLAIM_ON_CHANNEL, lease, LEASE_SECONDS, "bench.example", BATCH, channel
        ):
            await conn.execute(MARK, [row["id"] for row in rows], lease)
            lease = new_id()
    await conn.close()


def _ours(url: str, named: Named, worker: int) -> Taken:
    visits = Visits.seen(named)
    try:
        return asyncio.run(_deliver(url, visits, worker))
    finally:
        visits.close()


async def _deliver(url: str, visits: Visits, worker: int) -> Taken:
    db = await Database.connect(url, max_connections=10)
    appointments = Appointments(visits)
    postbox = Postbox(visits, appointments, worker)
    parts = Parts(
        db=db,
        appointments=appointments,
        accounts=Accounts(visits.named.first),
        email=Mailbox(postbox),
        sms=Phone(postbox),
        addresses=AddressKey(SECRET),
        seal=Seal(SECRET),
        unsubscribe_links=UnsubscribeLinks(SECRET, "https://bench.example"),
        mail_domain="bench.example",
        sender="Clinic <no-reply@bench.example>",
        site_url="https://bench.example",
    )
    await deliver_due(parts)
    await db.close()
    return postbox.taken
