"""Makes the notifications service."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from niyat.kernel.log import get_logger
from niyat.notifications import http
from niyat.notifications.adapters.appointments_client import AppointmentsClient
from niyat.notifications.adapters.identity_client import AccountsClient
from niyat.notifications.adapters.return_path import ReturnPath
from niyat.notifications.adapters.smtp import SmtpEmailProvider
from niyat.notifications.adapters.smtp_connections import SmtpServer
from niyat.notifications.adapters.twilio import TwilioSmsProvider
from niyat.notifications.adapters.twilio_callbacks import TwilioCallbacks
from niyat.notifications.addresses import AddressKey
from niyat.notifications.consumers import consumers
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.jobs import jobs
from niyat.notifications.parts import Parts
from niyat.notifications.sealing import Seal
from niyat.notifications.settings import NotificationsSettings
from niyat.notifications.turns import Turns
from niyat.notifications.unsubscribing import UnsubscribeLinks
from niyat.service import Context, Service

if TYPE_CHECKING:
    from niyat.notifications.adapters.fcm import FcmPushProvider

log = get_logger(__name__)


async def create(context: Context, settings: NotificationsSettings) -> Service:
    """Wire the service over its providers. Nothing is sent until its job runs."""
    addresses = AddressKey(_key(settings.addresses_key, "NIYAT_ADDRESSES_KEY"))
    email = SmtpEmailProvider(_mail_server(settings), settings.mail_from, _return_path(settings, addresses))
    sms = TwilioSmsProvider(settings.twilio) if settings.twilio else None
    push = _push(settings)
    parts = Parts(
        db=context.db,
        appointments=AppointmentsClient(context.clients["appointments"]),
        accounts=AccountsClient(context.clients["identity"]),
        email=email,
        sms=sms,
        push=push,
        addresses=addresses,
        seal=Seal(_key(settings.codes_key, "NIYAT_CODES_KEY")),
        unsubscribe_links=UnsubscribeLinks(addresses.key, context.settings.public_url),
        mail_domain=settings.mail_domain,
        sender=settings.mail_from,
        site_url=context.settings.public_url,
        callbacks=_callbacks(settings),
        bounce_secret=settings.mail_bounces_secret,
        per_second=settings.per_second,
        turns=Turns({NotificationChannel.EMAIL: settings.mail_connections}),
    )

    async def close() -> None:
        for provider in (email, sms, push):
            if provider is not None:
                await provider.close()

    return replace(wire(context, parts), close=close)


def wire(context: Context, parts: Parts) -> Service:
    """The service that works with `parts`."""
    return Service(
        name="notifications",
        app=http.create(parts, context.verifier),
        db=parts.db,
        consumers=consumers(parts),
        jobs=jobs(parts),
    )


def _key(given: SecretStr | None, name: str) -> str:
    if given is None:
        log.info("a key of this process alone is used; a setting shares one", setting=name)
        return secrets.token_urlsafe(32)
    return given.get_secret_value()


def _push(settings: NotificationsSettings) -> FcmPushProvider | None:
    if settings.fcm is None:
        return None
    # Firebase's SDK takes a second to load: only for those who use it.
    from niyat.notifications.adapters.fcm import FcmPushProvider

    return FcmPushProvider(settings.fcm)


def _callbacks(settings: NotificationsSettings) -> TwilioCallbacks | None:
    if settings.twilio is None or settings.twilio.status_callback is None:
        return None
    return TwilioCallbacks(settings.twilio.auth_token, settings.twilio.status_callback)


def _return_path(settings: NotificationsSettings, addresses: AddressKey) -> ReturnPath | None:
    return ReturnPath(settings.mail_bounces_to, addresses) if settings.mail_bounces_to else None


def _mail_server(settings: NotificationsSettings) -> SmtpServer:
    return SmtpServer(
        host=settings.mail_host or "127.0.0.1",
        port=settings.mail_port,
        tls=settings.tls,
        timeout_seconds=settings.mail_timeout_seconds,
        username=settings.mail_username,
        password=settings.mail_password,
        connections=settings.mail_connections,
    )
