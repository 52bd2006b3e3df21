"""The payments service against the real sandbox and a real database, with an appointments service in memory.

Nothing here is a mock of payments' own code.
Webhooks are delivered by hand, byte for byte as the sandbox made them, in whatever order a test likes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from niyat.events.catalogue import (
    AppointmentCancelled,
    AppointmentCompleted,
    AppointmentConfirmed,
    AppointmentExpired,
    AppointmentNoShow,
    AppointmentRescheduled,
    Event,
    PaymentCompleted,
    PaymentReleased,
    parse,
)
from niyat.kernel.auth import Principal
from niyat.kernel.client import ServiceClient
from niyat.kernel.clock import Clock
from niyat.kernel.db import Database
from niyat.kernel.errors import Unauthenticated
from niyat.kernel.settings import Settings
from niyat.payments.adapters.razorpay_gateway import RazorpayGateway
from niyat.payments.adapters.razorpay_records import RazorpayRecords
from niyat.payments.adapters.razorpayx import RazorpayX
from niyat.payments.checks import CHECKS
from niyat.payments.parts import Parts
from niyat.payments.service import wire
from niyat.payments.settings import PaymentsSettings
from niyat.service import Context, Service
from tests.support.payments_appointments import PRICE, InMemoryAppointments, Visit
from tests.support.postgres import Databases
from tests.support.sandbox import Account, Json, Sandbox


class Tokens:
    """Tokens that say who they are: `role:account_id`."""

    async def verify(self, token: str) -> Principal:
        role, _, account = token.partition(":")
        if not account:
            raise Unauthenticated
        return Principal(UUID(account), frozenset({role}))


@dataclass
class Elapsed:
    """A monotonic clock that `World.move` alone moves on."""

    seconds: float = 0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class World:
    """One test's payments service."""

    service: Service
    parts: Parts
    db: Database
    sandbox: Sandbox
    account: Account
    appointments: InMemoryAppointments
    http: httpx.AsyncClient
    db_url: str
    clock_url: str
    audit_url: str
    events: list[Event] = field(default_factory=list)
    seen: int = 0
    elapsed: Elapsed = field(default_factory=Elapsed)

    # People

    def visit(self, amount: int = PRICE) -> Visit:
        made = Visit(uuid4(), uuid4(), uuid4(), amount)
        self.appointments.visits[made.appointment_id] = made
        return made

    async def ask(
        self, method: str, path: str, who: str = "", json: Any = None, **more: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {who}"} if who else {}
        headers |= more.pop("headers", {})
        return await self.http.request(method, path, json=json, headers=headers, **more)

    async def initiate(self, visit: Visit) -> Json:
        answer = await self.ask(
            "POST", "/api/v1/payments/initiate", f"patient:{visit.patient_id}",
            {"appointment_id": str(visit.appointment_id)},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        begun: Json = answer.json()
        return begun

    async def verify(self, visit: Visit, paid: Json, **more: Any) -> httpx.Response:
        fields = {name: value for name, value in paid.items() if name.startswith("razorpay_")}
        return await self.ask("POST", "/api/v1/payments/verify", f"patient:{visit.patient_id}", fields | more)

    async def refund(self, payment_id: str, amount: int, key: str, **more: Any) -> httpx.Response:
        return await self.ask(
            "POST", f"/api/v1/payments/{payment_id}/refund", f"admin:{ADMIN}",
            {"amount": amount, "reason_code": "goodwill", **more}, headers={"idempotency-key": key},
        )  # fmt: skip

    async def receive(self, visit: Visit, key: str = "r", **more: Any) -> httpx.Response:
        """The desk takes the price in cash and records it."""
        said = {"appointment_id": str(visit.appointment_id), "reason_code": "paid-at-desk", **more}
        return await self.ask(
            "POST", "/api/v1/payments/manual-receipts", f"admin:{ADMIN}", said, headers={"idempotency-key": key}
        )  # fmt: skip

    async def override(self, visit: Visit, status: str, **more: Any) -> httpx.Response:
        said = {"appointment_id": str(visit.appointment_id), "reason_code": "by-phone", "status": status}
        return await self.ask("POST", "/api/v1/payments/overrides", f"admin:{ADMIN}", said | more)

    async def payment(self, payment_id: str) -> Json:
        answer = await self.ask("GET", f"/api/v1/payments/{payment_id}", f"admin:{ADMIN}")
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    # Webhooks

    async def webhooks(self) -> list[Json]:
        return await self.sandbox.webhooks(self.account)

    async def deliver(self, event: Json, **headers: str) -> httpx.Response:
        raw = event["body"].encode()
        signed = hmac.new(self.account.webhook_secret.encode(), raw, hashlib.sha256).hexdigest()
        given = {"x-razorpay-signature": signed, "x-razorpay-event-id": event["id"]} | headers
        return await self.http.post("/payments/webhook", content=raw, headers=given)

    async def deliver_all(self, events: Sequence[Json] | None = None) -> None:
        for event in events if events is not None else await self.webhooks():
            assert (await self.deliver(event)).status_code == 200

    # Time and events

    async def move(self, **by: float) -> None:
        """Move the database's clock on, and that of the breakers."""
        self.elapsed.seconds += timedelta(**by).total_seconds()
        conn = await asyncpg.connect(self.clock_url)
        await conn.execute("UPDATE niyat_clock SET shift = shift + $1", timedelta(**by))
        await conn.close()

    async def tell(self, event: Event) -> None:
        """An event of appointments arrives."""
        handler = self.service.consumers[0].handlers[type(event)]
        await self.db.run(lambda conn: handler(conn, event))

    async def pump(self) -> int:
        """Appointments hears what payments published, and answers."""
        rows = await self.db.fetch("SELECT id, payload FROM outbox WHERE id > $1 ORDER BY id", self.seen)
        for row in rows:
            self.seen = row["id"]
            envelope = row["payload"]
            event = parse(envelope["type"], envelope["schemaversion"], envelope["data"])
            self.events.append(event)
            await self._react(event)
        return len(rows)

    async def _react(self, event: Event) -> None:
        if isinstance(event, PaymentReleased):
            visit = self.appointments.visits[event.appointment_id]
            self.appointments.released(visit, event.payment_id, event.securing)
        if isinstance(event, PaymentCompleted):
            visit = self.appointments.visits[event.appointment_id]
            if self.appointments.captured(visit, event.payment_id):
                await self.confirmed(visit)

    async def settle(self) -> None:
        """Jobs and events until nothing moves any more."""
        for _ in range(10):
            for job in self.service.jobs:
                await job.run()
            if not await self.pump():
                return

    async def confirmed(self, visit: Visit) -> None:
        more = {"payment_id": visit.secured_by, "amount": visit.amount, "currency": visit.currency}
        await self.tell(AppointmentConfirmed(**_about(visit), **more))

    async def cancel(self, visit: Visit, owed_back: int | None = None) -> None:
        """The patient cancels; the event arrives at once."""
        was_confirmed = visit.status == "confirmed"
        visit.status = "cancelled"
        await self.tell(
            AppointmentCancelled(
                **_about(visit), cancelled_by="patient", reason_code="patient-request", currency=visit.currency,
                amount=_price(visit),
                amount_owed_back=_price(visit) if owed_back is None else owed_back, payment_id=visit.secured_by,
                was_confirmed=was_confirmed,
            )
        )  # fmt: skip

    async def expire(self, visit: Visit, *, slot_free: bool) -> None:
        """◆ Expiry passes over secured appointments."""
        assert visit.secured_by is None
        visit.status, visit.slot_free = "expired", slot_free
        await self.tell(AppointmentExpired(**_about(visit)))

    def moved(self, visit: Visit, price: int) -> AppointmentRescheduled:
        """The event of a move to a time that costs `price`."""
        cheaper, visit.price, visit.revision = _price(visit) - price, price, visit.revision + 1
        about = _about(visit)
        return AppointmentRescheduled(
            **about, previous_starts_at=about["starts_at"] - timedelta(days=1),
            previous_ends_at=about["ends_at"] - timedelta(days=1), rescheduled_by="patient",
            reason_code="patient-request", amount=price, amount_owed_back=cheaper, currency=visit.currency,
            payment_id=visit.secured_by,
        )  # fmt: skip

    async def no_show(self, visit: Visit, party: Literal["patient", "doctor"]) -> None:
        visit.status = "no-show"
        await self.tell(
            AppointmentNoShow(
                **_about(visit), party=party, reason_code=f"{party}-absent", amount=_price(visit),
                amount_owed_back=_price(visit) if party == "doctor" else 0, currency=visit.currency,
                payment_id=visit.secured_by,
            )
        )  # fmt: skip

    async def complete(self, visit: Visit) -> None:
        visit.status = "completed"
        more = {"amount": _price(visit), "currency": visit.currency, "payment_id": visit.secured_by}
        await self.tell(AppointmentCompleted(**_about(visit), **more))

    # The end

    def told(self) -> list[str]:
        return [event.type for event in self.events]

    async def ledger(self) -> dict[str, int]:
        rows = await self.db.fetch(
            "SELECT account, sum(amount)::bigint AS sum FROM ledger_entries GROUP BY account"
        )
        return {row["account"]: row["sum"] for row in rows if row["sum"]}

    async def audit(self) -> None:
        """Every check of payments holds, and the gateway's own books agree with ours."""
        conn = await asyncpg.connect(self.audit_url)
        try:
            for check in CHECKS:
                rows = await conn.fetch(check.sql, *([0] if "$1" in check.sql else []))
                assert not rows, f"{check.name}: {[dict(row) for row in rows]}"
            captured, back, deducted = (await conn.fetch(AT_THE_GATEWAY))[0]
        finally:
            await conn.close()
        books = await self.sandbox.books(self.account)
        assert (captured, back, deducted) == (books.captured, books.refunded, books.deducted)


AT_THE_GATEWAY = """
SELECT (SELECT coalesce(sum(a.captured_amount), 0)::bigint FROM payment_attempts a
        JOIN payment_transactions p USING (payment_id) WHERE p.gateway <> 'manual') AS captured,
    (SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r JOIN payment_transactions p USING (payment_id)
        WHERE r.status = 'processed' AND p.gateway <> 'manual'
            AND NOT EXISTS (SELECT FROM manual_refunds b WHERE b.refund_id = r.refund_id)
            AND r.refund_id NOT IN (SELECT refund_id FROM refunds_by_dispute)) AS back,
    (SELECT coalesce(sum(amount_deducted), 0)::bigint FROM disputes) AS deducted
"""
ADMIN = uuid4()
EITHER_CAPTURE = pytest.mark.parametrize(
    "settings", [{"capture": "manual"}, {"capture": "automatic"}], ids=["manual", "automatic"]
)
"""For `pytestmark`: each test of the file runs with manual and with automatic capture."""


def _price(visit: Visit) -> int:
    return visit.amount if visit.price is None else visit.price


def _about(visit: Visit) -> dict[str, Any]:
    starts_at = visit.hold_expires_at + timedelta(days=1)
    return {
        "occurred_at": datetime.now(UTC),
        "appointment_id": visit.appointment_id,
        "doctor_id": visit.doctor_id,
        "patient_id": visit.patient_id,
        "revision": visit.revision,
        "status": visit.status,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "time_zone": "Asia/Kolkata",
        "consultation_type": "VIDEO",
    }


@asynccontextmanager
async def payments_world(
    databases: Databases,
    sandbox: Sandbox,
    *,
    refund_mode: Any = "auto",
    db: Database | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """A payments service with everything around it; over `db`, where a test brings its own."""
    account = await sandbox.register_account(refund_mode=refund_mode)
    await sandbox.set_webhooks(account, mode="drop")
    given = {
        "razorpay_key_id": account.key_id,
        "razorpay_key_secret": account.key_secret,
        "razorpay_webhook_secret": account.webhook_secret,
        "razorpay_base_url": sandbox.razorpay_url,
        "gateway_timeout_seconds": 2,
        "verify_wait_seconds": 0.2,
        **settings,
    }
    db = db or await Database.connect(databases.url("payments"))
    known = PaymentsSettings(**given)
    elapsed = Elapsed()
    gateway = RazorpayGateway(known, elapsed)
    appointments = InMemoryAppointments()
    payer = RazorpayX(known, elapsed) if known.razorpayx_account_number else None
    parts = Parts(
        db=db,
        gateway=gateway,
        records=RazorpayRecords(gateway),
        appointments=appointments,
        settings=known,
        payouts=payer,
    )
    clients: dict[str, ServiceClient] = {}
    context = Context(settings=Settings(), db=db, verifier=Tokens(), clock=Clock(), clients=clients)  # type: ignore[arg-type]
    service = wire(context, parts)
    transport = httpx.ASGITransport(service.app)
    http = httpx.AsyncClient(transport=transport, base_url="http://payments", trust_env=False)
    try:
        yield World(
            service, parts, db, sandbox, account, appointments, http,
            databases.url("payments"), databases.superuser_url("payments"), databases.audit_url("payments"),
            elapsed=elapsed,
        )  # fmt: skip
    finally:
        await http.aclose()
        await gateway.close()
        if payer is not None:
            await payer.close()
        await db.close()
