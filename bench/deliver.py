"""Reminders that are due, drained by two workers in processes of their own, beside PostgreSQL's bare claim and mark
of as many rows. The services that are asked, and the providers, answer at once: what is measured is ours.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg

from bench.stack import Databases
from niyat.kernel import log
from niyat.kernel.db import Database
from niyat.kernel.ids import new_id
from niyat.notifications.addresses import AddressKey
from niyat.notifications.commands.claim import CLAIM_ON_CHANNEL, LEASE_SECONDS
from niyat.notifications.commands.deliver import BATCH, deliver_due
from niyat.notifications.commands.templates import seed_templates
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.parts import Parts
from niyat.notifications.ports import Account, AppointmentView, DoctorDay, Found, Mail, Receipt, Text
from niyat.notifications.sealing import Seal
from niyat.notifications.unsubscribing import UnsubscribeLinks

WORKERS = 2
OFFSETS = [5, 15, 60, 120, 1440]
PER_VISIT = len(OFFSETS) * 2
"""By mail and by text message."""
SECRET = "what is measured here has no secrets"

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


class Everybody:
    """Both services: every id is a confirmed visit, and the account of its patient."""

    def __init__(self) -> None:
        self._starts_at = datetime.now(UTC) + timedelta(days=1)

    async def find_many(self, appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        return Found({each: self._visit(each) for each in appointment_ids})

    async def day_of(self, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> DoctorDay:
        raise NotImplementedError

    async def account_of(self, doctor_id: UUID) -> UUID:
        raise NotImplementedError

    def _visit(self, appointment_id: UUID) -> AppointmentView:
        return AppointmentView(
            appointment_id=appointment_id,
            patient_id=appointment_id,
            status="confirmed",
            revision=0,
            starts_at=self._starts_at,
            ends_at=self._starts_at + timedelta(minutes=30),
            time_zone="Asia/Kolkata",
            consultation_type="VIDEO",
            doctor_name="Dr Meera Rao",
            clinic_name="Clinic",
        )


class Accounts:
    """An address and a number for everybody."""

    async def find_many(self, account_ids: Collection[UUID]) -> Found[Account]:
        return Found(
            {
                each: Account(
                    account_id=each, email=f"{each.hex}@bench.example", phone=f"+9198{each.int % 10**8:08d}"
                )
                for each in account_ids
            }
        )

    async def administrators(self) -> list[UUID]:
        return []


class Mailbox:
    """Takes every mail at once."""

    async def send(self, mail: Mail) -> Receipt:
        return Receipt("bench", mail.message_id)


class Phone:
    """Takes every text message at once."""

    async def send(self, text: Text) -> Receipt:
        return Receipt("bench", None)


@dataclass
class Figures:
    """Seconds of each round for the same number of messages; `wrong`: not sent, or not once."""

    messages: int
    bare: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    wrong: int = 0


async def measure(of: Databases, reminders: int, rounds: int) -> Figures:
    """`reminders` in all, in `rounds` turns; as many are claimed and marked bare beside them."""
    url = of.urls["notifications"].app
    figures = Figures(reminders // rounds // PER_VISIT * PER_VISIT)
    db = await Database.connect(url, max_connections=2)
    await db.run(seed_templates)
    await db.close()
    owner = await asyncpg.connect(url)
    context = get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_prepare) as workers:
        await asyncio.gather(*(_on(workers, _nothing, url) for _ in range(WORKERS)))
        for _ in range(rounds):
            for work, seconds in ((_bare, figures.bare), (_ours, figures.ours)):
                visits = [new_id() for _ in range(figures.messages // PER_VISIT)]
                await owner.execute(WISHES, visits, OFFSETS)
                await owner.execute(CHOICES, visits)
                await owner.execute(PLAN, visits, OFFSETS)
                await owner.execute("ANALYZE scheduled_notifications")
                started = time.perf_counter()
                await asyncio.gather(*(_on(workers, work, url) for _ in range(WORKERS)))
                seconds.append(time.perf_counter() - started)
                figures.wrong += figures.messages - await owner.fetchval(SENT, visits)
    await owner.close()
    return figures


def table(figures: Figures) -> str:
    """What a message costs on both sides, and the share of the bare statements' speed that delivery reaches."""
    ratios = [bare / ours for bare, ours in zip(figures.bare, figures.ours, strict=True)]
    rates = (figures.messages / median(figures.bare), figures.messages / median(figures.ours))
    return (
        f"{len(ratios)} rounds of {figures.messages:,} reminders, {WORKERS} workers\n"
        f"bare claim and mark   {rates[0]:>9,.0f} a second\n"
        f"delivered             {rates[1]:>9,.0f} a second   ratio {median(ratios):.3f}"
        f" ({min(ratios):.3f}-{max(ratios):.3f})\n"
        f"not sent, or twice    {figures.wrong:>9,}"
    )


def _on(workers: ProcessPoolExecutor, work: Callable[[str], None], url: str) -> Awaitable[None]:
    return asyncio.get_running_loop().run_in_executor(workers, work, url)


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


def _ours(url: str) -> None:
    asyncio.run(_deliver(url))


async def _deliver(url: str) -> None:
    db = await Database.connect(url, max_connections=10)
    parts = Parts(
        db=db,
        appointments=Everybody(),
        accounts=Accounts(),
        email=Mailbox(),
        sms=Phone(),
        addresses=AddressKey(SECRET),
        seal=Seal(SECRET),
        unsubscribe_links=UnsubscribeLinks(SECRET, "https://bench.example"),
        mail_domain="bench.example",
        sender="Clinic <no-reply@bench.example>",
        site_url="https://bench.example",
    )
    await deliver_due(parts)
    await db.close()
