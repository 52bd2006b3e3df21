"""What an operator asks of a running Niyat: where it is, its audit's addresses, a first admin, its dead letters.

Everything here finds the `niyat up` of this home by what it left in `running.json`, and raises NotRunning without it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from niyat.app import SERVICES, describe_apps
from niyat.appointments.commands.generate import generate as make_slots
from niyat.appointments.settings import AppointmentsSettings
from niyat.embedded.home import home_directory
from niyat.embedded.running import Running
from niyat.events import deadletters
from niyat.identity.commands.create_admin import create_admin as make_admin
from niyat.kernel import settings
from niyat.kernel.db import Database
from niyat.kernel.provision import Credentials, ServiceUrls, service_urls
from niyat.openapi import joined
from niyat.payments.audit_log import OPERATOR
from niyat.payments.commands.ask_reconciliation import YESTERDAY, ask_for_day
from niyat.payments.commands.webhook_replay import replay_webhook as put_back
from niyat.payments.export.formats import ExportFormat
from niyat.payments.export.write import write_export
from niyat.payments.reconciliation import RunStatus
from niyat.payments.reconciliation_queries import day_report, find_run
from niyat.payments.reconciliation_text import say_report
from niyat.payments.webhook_queries import WebhookFilter, webhooks

PASSWORDS = "database-passwords.json"


def running() -> Running:
    """Where the `niyat up` of this home listens."""
    return Running.load(home_directory())


def database_urls(here: Running, home: Path) -> dict[str, ServiceUrls]:
    """How each service's database is reached."""
    credentials = Credentials.load_or_create(home / PASSWORDS)
    return {service: service_urls(here.postgres_url, credentials, service) for service in SERVICES}


def audit_urls() -> Mapping[str, str]:
    """Service → URL by which the audit reads its database."""
    return {service: of.audit for service, of in database_urls(running(), home_directory()).items()}


async def create_admin(email: str, name: str) -> UUID:
    """The account of a new administrator."""
    async with _database("identity") as db:
        return await db.run(make_admin, email=email, name=name)


async def generate_slots(say: Callable[[str], None]) -> None:
    """Make the slots of the days ahead now, and say after each batch of doctors how far it is."""
    wanted = settings.load(AppointmentsSettings)
    async with _database("appointments") as db:
        slots = await make_slots(
            db,
            days_ahead=wanted.days_ahead,
            doctors_per_batch=wanted.doctors_per_batch,
            report=lambda done: say(f"{done.doctors:,} of {done.of:,} doctors, {done.slots:,} slots"),
        )
    say(f"Every doctor's slots are made for {wanted.days_ahead} days ahead ({slots:,} new)")


async def export_ledger(
    file: Path, format_: ExportFormat, from_day: date | None, to_day: date | None
) -> None:
    """Write the ledger's postings of those days, both included, into `file`."""
    async with _database("payments") as db:
        with file.open("wb") as out:
            await write_export(db, out, format_, from_day, to_day)


async def reconcile(day: date | None, say: Callable[[str], None]) -> bool:
    """Have the running Niyat read the report of `day` (yesterday's without one); whether nothing is unexplained."""
    async with _database("payments") as db:
        wanted = day or await db.fetchval(YESTERDAY)
        run_id = await db.run(ask_for_day, wanted)
        # The job that reads it runs in another process.
        while (run := await find_run(db, run_id))["status"] == RunStatus.ASKED:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        report = await day_report(db, wanted)
    return say_report(run, report, say)


async def list_dead_letters() -> list[str]:
    """One line for each dead letter of every service."""
    lines: list[str] = []
    for service in SERVICES:
        async with _database(service) as db:
            lines += [
                f"{service} {dead.id}: {dead.type} of {dead.key} after {dead.tries} tries: {dead.last_error}"
                for dead in await db.run(deadletters.list_dead)
            ]
    return lines or ["No dead letters."]


async def replay_dead_letter(service: str, letter: int) -> str:
    """Put a dead letter back. Raises DeadLetterNotFound."""
    async with _database(service) as db:
        dead = await db.run(deadletters.replay, letter)
    return f"{dead.type} of {dead.key} is in the inbox of {dead.consumer} again."


async def list_webhooks(status: str | None, limit: int) -> list[str]:
    """One line for each webhook of the payment provider, the newest first, of one status or of all."""
    async with _database("payments") as db:
        found = await webhooks(db, WebhookFilter(status=status), None, limit)
    return [
        f"{one['webhook_id']} {one['received_at']:%Y-%m-%d %H:%M:%S} {one['type']} {one['status']}"
        f" {one['last_error'] or one['outcome'] or ''}".rstrip()
        for one in found[:limit]
    ] or ["No webhooks."]


async def replay_webhook(webhook_id: UUID, reason: str) -> str:
    """Put a webhook back to be worked off. Raises WebhookNotFound, WebhookWaiting."""
    async with _database("payments") as db:
        await db.run(put_back, webhook_id, actor_id=OPERATOR, reason=reason)
    return f"{webhook_id} is worked off again."


def describe(service: str | None) -> dict[str, Any]:
    """The API description of `service`, or all joined; needs no database and nothing running."""
    apps = describe_apps()
    return apps[service].openapi() if service else joined(apps, settings.load(settings.Settings).public_url)


@contextlib.asynccontextmanager
async def _database(service: str) -> AsyncIterator[Database]:
    db = await Database.connect(database_urls(running(), home_directory())[service].app, max_connections=2)
    try:
        yield db
    finally:
        await db.close()
