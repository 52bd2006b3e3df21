"""Makes the notifications service."""

from __future__ import annotations

import secrets
from dataclasses import replace

from niyat.kernel.log import get_logger
from niyat.notifications import http
from niyat.notifications.adapters.appointments_client import AppointmentsClient
from niyat.notifications.adapters.identity_client import AccountsClient
from niyat.notifications.adapters.smtp import SmtpEmailProvider, SmtpServer
from niyat.notifications.adapters.twilio import TwilioSmsProvider
from niyat.notifications.consumers import consumers
from niyat.notifications.jobs import jobs
from niyat.notifications.parts import Parts
from niyat.notifications.sealing import Seal
from niyat.notifications.settings import NotificationsSettings
from niyat.notifications.unsubscribing import UnsubscribeLinks
from niyat.service import Context, Service

log = get_logger(__name__)


async def create(context: Context, settings: NotificationsSettings) -> Service:
    """Wire the service over its providers. Nothing is sent until its job runs."""
    sms = TwilioSmsProvider(settings.twilio) if settings.twilio else None
    if settings.codes_key is None:
        log.info("codes and links are sealed with a key of this process alone; NIYAT_CODES_KEY shares one")
    key = settings.codes_key.get_secret_value() if settings.codes_key else secrets.token_urlsafe(32)
    parts = Parts(
        db=context.db,
        appointments=AppointmentsClient(context.clients["appointments"]),
        accounts=AccountsClient(context.clients["identity"]),
        email=SmtpEmailProvider(_mail_server(settings), settings.mail_from),
        sms=sms,
        seal=Seal(key),
        unsubscribe_links=UnsubscribeLinks(key, context.settings.public_url),
        mail_domain=settings.mail_domain,
        sender=settings.mail_from,
        site_url=context.settings.public_url,
    )
    service = wire(context, parts)
    return service if sms is None else replace(service, close=sms.close)


def wire(context: Context, parts: Parts) -> Service:
    """The service that works with `parts`."""
    return Service(
        name="notifications",
        app=http.create(parts, context.verifier),
        db=parts.db,
        consumers=consumers(parts),
        jobs=jobs(parts),
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
