"""Every channel over the sandbox, with what providers say later: it is caught on its way and handed on when told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr

from niyat.kernel.db import Row
from niyat.notifications import http
from niyat.notifications.adapters.fcm import FcmPushProvider
from niyat.notifications.adapters.return_path import ReturnPath
from niyat.notifications.adapters.smtp import SmtpEmailProvider
from niyat.notifications.adapters.smtp_connections import SmtpServer
from niyat.notifications.adapters.twilio import TwilioSmsProvider
from niyat.notifications.adapters.twilio_callbacks import TwilioCallbacks
from niyat.notifications.commands.apply_reports import apply_reports
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.commands.send import send_by_hand
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.parts import Parts
from niyat.notifications.providers import FcmSettings, TwilioSettings
from tests.support.notifications import SENDER, World
from tests.support.notifications_visits import Visit
from tests.support.tokens import Signer
from tests.support.webhook_receiver import WebhookReceiver

SIGNER = Signer()
BOUNCES_TO = "bounces@clinic.example"
SECRET = "what our mail server shows us, and nobody else"
TWILIO, BOUNCES = "/api/v1/notifications/callbacks/twilio", "/api/v1/notifications/bounces"


@dataclass
class Channels:
    """One service with every channel on, its routes, and what was said to it meanwhile."""

    world: World
    parts: Parts
    api: httpx.AsyncClient
    receiver: WebhookReceiver
    handed_on: int = 0

    async def tell(self, visit: Visit, channel: NotificationChannel) -> UUID:
        """The visit is confirmed, once more; the notification's id. It is delivered."""
        notification_id = await self.world.db.run(
            send_by_hand,
            NotificationType.APPOINTMENT_CONFIRMED,
            channel,
            account_id=visit.patient_id,
            appointment_id=visit.appointment_id,
            actor_id=uuid4(),
            reason="they asked",
        )
        await deliver_due(self.parts)
        return notification_id

    async def callbacks(self, *, order: str = "oldest-first", again: bool = False) -> list[int]:
        """Twilio calls, about everything it has to say; our answers."""
        await self.world.sandbox.flush_posts(self.world.phone.sid, order=order, again=again)  # type: ignore[arg-type]
        return await self.hand_on()

    async def comes_back(self, count: int) -> list[int]:
        """So many mails in all come back; our answers."""
        await self.receiver.wait_for(count, 30)
        return await self.hand_on()

    async def hand_on(self) -> list[int]:
        answers = []
        for received in self.receiver.received[self.handed_on :]:
            path = TWILIO if "x-twilio-signature" in received.headers else BOUNCES
            headers = {
                name: value
                for name, value in received.headers.items()
                if name.startswith("x-") or name == "content-type"
            }
            answers.append((await self.api.post(path, content=received.body, headers=headers)).status_code)
        self.handed_on = len(self.receiver.received)
        await self.act()
        return answers

    async def act(self) -> None:
        """On what providers said, and on what follows from it."""
        await self.world.db.run(apply_reports, self.parts.channels)
        await deliver_due(self.parts)

    async def one(self, notification_id: UUID) -> Row:
        row = await self.world.db.fetchrow(
            "SELECT * FROM scheduled_notifications WHERE id = $1", notification_id
        )
        assert row is not None
        return row

    async def attempts(self, notification_id: UUID) -> list[tuple[str, str, str | None]]:
        """Status, channel and error of each line of its log."""
        return [(r["status"], r["channel"], r["error_code"]) for r in await self.world.log(notification_id)]

    async def suppressed(self) -> list[Row]:
        return await self.world.db.fetch(
            "SELECT * FROM suppressed_addresses WHERE lifted_at IS NULL ORDER BY id"
        )


@asynccontextmanager
async def every_channel(world: World, receiver: WebhookReceiver) -> AsyncIterator[Channels]:
    sandbox, token = world.sandbox, SecretStr(world.phone.auth_token)
    await sandbox.behave_phone(world.phone, callbacks="hold")
    await sandbox.mails_come_back_to(BOUNCES_TO, receiver.url, SECRET)
    project = await sandbox.register_push()
    host, port = sandbox.smtp_address
    email = SmtpEmailProvider(
        SmtpServer(host=host, port=port, tls="none", timeout_seconds=10),
        SENDER,
        ReturnPath(BOUNCES_TO, world.parts.addresses),
    )
    sms = TwilioSmsProvider(
        TwilioSettings(
            account_sid=world.phone.sid,
            auth_token=token,
            from_number="+15005550006",
            base_url=sandbox.twilio_url,
            timeout_seconds=10,
            status_callback=receiver.url,
        )
    )
    push = FcmPushProvider(
        FcmSettings(
            service_account=SecretStr(project.service_account), base_url=project.url, timeout_seconds=10
        )
    )
    parts = replace(
        world.parts,
        email=email,
        sms=sms,
        push=push,
        callbacks=TwilioCallbacks(token, receiver.url),
        bounce_secret=SecretStr(SECRET),
    )
    app = http.create(parts, SIGNER.verifier)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://notifications") as api:
        yield Channels(world, parts, api, receiver)
    for provider in (email, sms, push):
        await provider.close()
