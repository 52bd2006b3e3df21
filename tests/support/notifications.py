"""Notifications over a real database and the sandbox, with stand-ins for the two services that it asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from pydantic import SecretStr

from niyat.events.catalogue import (
    Event,
)
from niyat.events.envelope import message_for
from niyat.events.inbox import receive
from niyat.events.pump import drain
from niyat.events.worker import InboxWorker
from niyat.kernel.client import ServiceClient
from niyat.kernel.clock import Clock
from niyat.kernel.db import Database, Row
from niyat.kernel.settings import Settings, load
from niyat.notifications.adapters.smtp import SmtpEmailProvider
from niyat.notifications.adapters.smtp_connections import SmtpServer
from niyat.notifications.adapters.twilio import TwilioSmsProvider
from niyat.notifications.addresses import AddressKey
from niyat.notifications.checks import CHECKS
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.commands.push import devices_of
from niyat.notifications.commands.templates import seed_templates
from niyat.notifications.consumers import consumers
from niyat.notifications.parts import Parts
from niyat.notifications.ports import Account, AppointmentView
from niyat.notifications.providers import TwilioSettings
from niyat.notifications.sealing import Seal
from niyat.notifications.service import create
from niyat.notifications.settings import NotificationsSettings
from niyat.notifications.unsubscribing import UnsubscribeLinks
from niyat.service import Context, Service
from tests.support.notifications_neighbours import FakeAccounts, FakeAppointments
from tests.support.notifications_visits import Visit
from tests.support.postgres import Databases
from tests.support.sandbox import Json, PhoneAccount, Sandbox
from tests.support.tokens import Signer

SENDER = "Sunrise Clinic <no-reply@clinic.example>"

KEY = "a key for tests, of enough characters"


@dataclass
class World:
    """Everything around the delivery job."""

    db: Database
    databases: Databases
    sandbox: Sandbox
    phone: PhoneAccount
    appointments: FakeAppointments
    accounts: FakeAccounts
    parts: Parts

    async def now(self) -> datetime:
        moment: datetime = await self.db.fetchval("SELECT niyat_now()")
        return moment

    async def move(self, by: timedelta) -> None:
        """Move this service's clock on."""
        owner = await asyncpg.connect(self.databases.owner_url("notifications"))
        await owner.execute("UPDATE niyat_clock SET shift = shift + $1", by)
        await owner.close()

    async def visit(
        self, starts_in: timedelta = timedelta(days=3), account_id: UUID | None = None, **account: Any
    ) -> Visit:
        """A confirmed visit of a new patient, or of this one."""
        name = uuid4().hex
        number = f"+9198{int(name[:7], 16) % 10**8:08d}"
        visit = Visit(
            uuid4(),
            account_id or uuid4(),
            uuid4(),
            f"{name}@patient.example",
            number,
            await self.now() + starts_in,
        )
        self.appointments.known[visit.appointment_id] = AppointmentView(
            appointment_id=visit.appointment_id,
            patient_id=visit.patient_id,
            status="confirmed",
            revision=0,
            starts_at=visit.starts_at,
            ends_at=visit.starts_at + timedelta(minutes=30),
            time_zone="Asia/Kolkata",
            consultation_type="VIDEO",
            doctor_name="Dr Meera Rao",
            doctor_account_id=visit.doctor_account_id,
            updated_at=await self.now(),
            clinic_name="Sunrise Clinic",
        )
        known = {"name": "Asha", "email": visit.email, "phone": visit.phone} | account
        self.accounts.known[visit.patient_id] = Account(account_id=visit.patient_id, **known)
        return visit

    async def events(self, *events: Event) -> None:
        """Arrive, each with an envelope of its own, and are worked off."""
        for consumer in consumers(self.parts):
            wanted = [m for n, e in enumerate(events) if consumer.wants(m := message_for(e, n + 1))]
            await receive(self.db, consumer.name, wanted)
        await self.work_off()

    async def work_off(self) -> None:
        workers = [InboxWorker(self.db, consumer) for consumer in consumers(self.parts)]
        await drain(*workers)
        for worker in workers:
            await worker.close()

    async def deliver(self) -> int:
        return await deliver_due(self.parts)

    async def queue(self, visit: Visit | None = None, **where: Any) -> list[Row]:
        """What is in the queue, oldest first, of one visit and with these columns."""
        wanted = where | ({"appointment_id": visit.appointment_id} if visit else {})
        rows = await self.db.fetch("SELECT * FROM scheduled_notifications ORDER BY due_at, id")
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    async def states(self, visit: Visit) -> dict[str, list[str]]:
        """By type, the states of this visit's notifications."""
        found: dict[str, list[str]] = {}
        for row in await self.queue(visit):
            found.setdefault(row["type"], []).append(row["status"])
        return found

    async def log(self, notification_id: UUID) -> list[Row]:
        return await self.db.fetch(
            "SELECT * FROM notification_logs WHERE notification_id = $1 ORDER BY id", notification_id
        )

    async def subjects(self, visit: Visit) -> list[str]:
        """Of the mails that this visit's patient got, oldest first."""
        return [str(mail["subject"]) for mail in reversed(await self.sandbox.mails(visit.email))]

    async def only_mail(self, visit: Visit) -> Json:
        (mail,) = await self.sandbox.mails(visit.email)
        return mail

    async def broken_promises(self) -> dict[str, list[Row]]:
        """What the audit of this database finds."""
        audit = await asyncpg.connect(self.databases.audit_url("notifications"))
        try:
            found = {c.name: await audit.fetch(c.sql, *([0.0] if "$1" in c.sql else [])) for c in CHECKS}
        finally:
            await audit.close()
        return {name: rows for name, rows in found.items() if rows}

    async def every_word_stored(self) -> str:
        """All rows of all tables, as text."""
        tables = await self.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [await self.db.fetch(f"SELECT t::text AS row FROM {table['tablename']} t") for table in tables]
        return "\n".join(row["row"] for table in rows for row in table)


@dataclass(frozen=True)
class Own:
    """A patient at the service's routes."""

    account_id: UUID
    http: httpx.AsyncClient
    headers: Json

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers)

    async def put(self, path: str, json: Json) -> httpx.Response:
        return await self.http.put(path, json=json, headers=self.headers)


async def tokens_of(db: Database, account_id: UUID) -> Sequence[str]:
    """The devices of one person."""
    return (await devices_of(db, [account_id])).get(account_id, [])


def parts_over(
    db: Database,
    appointments: FakeAppointments,
    accounts: FakeAccounts,
    smtp_port: int,
    twilio_url: str,
    sid: str,
    token: str,
) -> tuple[Parts, Callable[[], Awaitable[None]]]:
    """The real adapters over the sandbox, and how to close them."""
    sms = TwilioSmsProvider(
        TwilioSettings(
            account_sid=sid,
            auth_token=SecretStr(token),
            from_number="+15005550006",
            base_url=twilio_url,
            timeout_seconds=2,
        )
    )
    server = SmtpServer(host="127.0.0.1", port=smtp_port, tls="none", timeout_seconds=5)
    email = SmtpEmailProvider(server, SENDER)
    parts = Parts(
        db=db,
        appointments=appointments,
        accounts=accounts,
        email=email,
        sms=sms,
        addresses=AddressKey(KEY),
        seal=Seal(KEY),
        unsubscribe_links=UnsubscribeLinks(KEY, "https://clinic.example"),
        mail_domain="clinic.example",
        sender=SENDER,
        site_url="https://clinic.example",
    )

    async def close() -> None:
        await email.close()
        await sms.close()

    return parts, close


@asynccontextmanager
async def notifications_world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    db = await Database.connect(databases.url("notifications"), max_connections=5)
    phone = await sandbox.register_phone()
    appointments, accounts = FakeAppointments(), FakeAccounts()
    parts, close = parts_over(
        db,
        appointments,
        accounts,
        sandbox.smtp_address[1],
        sandbox.twilio_url,
        phone.sid,
        phone.auth_token,
    )
    await db.run(seed_templates)
    try:
        yield World(db, databases, sandbox, phone, appointments, accounts, parts)
    finally:
        await close()
        await db.close()


@asynccontextmanager
async def service_over(
    world: World,
    signer: Signer,
    *,
    seal: Seal | None = None,
    sms_enabled: bool = True,
    codes_key: str = KEY,
) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    """The service as it is really wired, over the world's database and sandbox, and a client of its routes."""
    host, port = world.sandbox.smtp_address
    settings = load(
        NotificationsSettings,
        mail_host=host,
        mail_port=port,
        mail_from=SENDER,
        twilio_account_sid=world.phone.sid,
        twilio_auth_token=world.phone.auth_token,
        twilio_from_number="+15005550006",
        twilio_base_url=world.sandbox.twilio_url,
        sms_enabled=sms_enabled,
        codes_key=codes_key,
        addresses_key=KEY,
    )
    nobody = {
        name: ServiceClient(name, base_url="http://127.0.0.1:9") for name in ("appointments", "identity")
    }
    context = Context(
        settings=load(Settings), db=world.db, verifier=signer.verifier, clock=Clock(), clients=nobody
    )
    service = await create(context, settings)
    if seal is not None:
        service.app.state.parts = replace(service.app.state.parts, seal=seal)
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://notifications") as http:
        yield service, http
    await service.close()
    for client in nobody.values():
        await client.close()
