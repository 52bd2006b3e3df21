"""Makes the notifications service."""

from __future__ import annotations

import secrets
from typing import cast

from pydantic import SecretStr

from niyat.kernel.jobs import Bell
from niyat.kernel.log import get_logger
from niyat.notifications import http
from niyat.notifications.adapters.accounts import AccountsClient
from niyat.notifications.adapters.appointments import AppointmentsClient
from niyat.notifications.adapters.smtp_email import SmtpEmailProvider, SmtpServer
from niyat.notifications.adapters.twilio_sms import TwilioSmsProvider
from niyat.notifications.consumers import CONSUMERS
from niyat.notifications.delivery import Delivery
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.jobs import delivery_job
from niyat.notifications.sealing import Seal
from niyat.notifications.settings import NotificationsSettings
from niyat.service import Context, Service

log = get_logger(__name__)


async def create(context: Context, settings: NotificationsSettings) -> Service:
    """Wire the service over its providers. Nothing is sent until its job runs."""
    bell = Bell()
    sms = _sms(settings)
    if settings.codes_key is None:
        log.info("sign-in codes are sealed with a key of this process alone; NIYAT_CODES_KEY shares one")
    key = settings.codes_key.get_secret_value() if settings.codes_key else secrets.token_urlsafe(32)
    delivery = Delivery(
        db=context.db,
        appointments=AppointmentsClient(context.clients["appointments"]),
        accounts=AccountsClient(context.clients["identity"]),
        email=SmtpEmailProvider(_mail_server(settings), settings.mail_from),
        sms=sms,
        seal=Seal(key),
        mail_domain=settings.mail_domain,
        site_url=settings.public_url,
    )
    app = http.routes()
    app.state.db = context.db
    app.state.verifier = context.verifier
    app.state.seal = delivery.seal
    app.state.bell = bell
    app.state.channels = {NotificationChannel.EMAIL} | ({NotificationChannel.SMS} if sms else set())

    async def close() -> None:
        if sms is not None:
            await sms.close()

    return Service(
        name="notifications",
        app=app,
        db=context.db,
        consumers=CONSUMERS,
        jobs=[delivery_job(delivery, bell)],
        close=close,
    )


def _mail_server(settings: NotificationsSettings) -> SmtpServer:
    return SmtpServer(
        host=settings.mail_host or "127.0.0.1",
        port=settings.mail_port,
        tls=settings.tls,
        timeout_seconds=settings.mail_timeout_seconds,
        username=settings.mail_username,
        password=settings.mail_password,
    )


def _sms(settings: NotificationsSettings) -> TwilioSmsProvider | None:
    if not settings.sms:
        return None
    return TwilioSmsProvider(
        account_sid=cast(str, settings.twilio_account_sid),  # the settings were checked at start
        auth_token=cast(SecretStr, settings.twilio_auth_token),
        from_number=cast(str, settings.twilio_from_number),
        base_url=settings.twilio_base_url,
        timeout_seconds=settings.twilio_timeout_seconds,
    )
