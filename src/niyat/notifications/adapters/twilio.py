"""Text messages through Twilio's own SDK. It blocks, so it runs in a few threads of its own, each call with a timeout.

Twilio has no idempotency key for messages: after an unknown outcome the messages to that number are listed, and the
one with our words is taken as sent (https://www.twilio.com/docs/messaging/api/message-resource).

India lets through only what was registered there (DLT): the sender's header, the business and each wording. Twilio
has no field for these ids; it knows them from its console. We know them to keep what was never registered from
being sent there, where it would be dropped without a word
(https://www.twilio.com/docs/messaging/guidelines/in).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from niyat.notifications.domain import SuppressionCause
from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from niyat.notifications.ports import Receipt, Text
from niyat.notifications.providers import TwilioSettings
from niyat.notifications.turns import AT_ONCE

NEVER_ARRIVED = {"failed", "undelivered", "canceled"}
CLOCKS_DIFFER_BY = timedelta(minutes=5)
MESSAGES_LOOKED_AT = 50
OUR_OWN_FAULT = {401, 403, 404}
"""Wrong credentials or address of the API: staff can mend it, the message is fine."""

QUEUE_FULL = {21611}
GONE = {
    21211: SuppressionCause.NOT_REACHABLE,  # no phone number
    21610: SuppressionCause.OPTED_OUT,  # they answered STOP
    21614: SuppressionCause.NOT_REACHABLE,  # no mobile number
    30005: SuppressionCause.NOT_REACHABLE,  # unknown, or no longer in service
    30006: SuppressionCause.NOT_REACHABLE,  # a landline
}
"""https://www.twilio.com/docs/api/errors. A phone that is off (30003) or a message that was filtered (30007) says
nothing about the next message."""

INDIA = "+91"


class TwilioSmsProvider:
    """An SmsProvider."""

    def __init__(self, settings: TwilioSettings) -> None:
        # The SDK logs the numbers it asks about.
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
        self._http = TwilioHttpClient(timeout=settings.timeout_seconds)
        self._client = Client(
            settings.account_sid, settings.auth_token.get_secret_value(), http_client=self._http
        )
        if settings.base_url is not None:
            self._client.api.base_url = settings.base_url
        self._settings = settings
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="twilio")

    async def send(self, text: Text) -> Receipt:
        sender = self._sender(text)
        if text.maybe_sent_since is not None:
            since = text.maybe_sent_since
            if (sid := await self._call(lambda: self._find(text, since))) is not None:
                return Receipt("twilio", sid)
        message = await self._call(
            lambda: self._client.messages.create(
                to=text.to,
                from_=sender,
                body=text.text,
                status_callback=self._settings.status_callback or values.unset,
            )
        )
        return Receipt("twilio", message.sid)

    async def close(self) -> None:
        self._threads.shutdown(wait=True)
        if self._http.session is not None:
            self._http.session.close()

    def _sender(self, text: Text) -> str:
        """Our number, or in India our registered header. Raises DeliveryRefused for wording not registered there."""
        dlt = self._settings.dlt
        if dlt is None or not text.to.startswith(INDIA):
            return self._settings.from_number
        if text.template not in dlt.templates:
            raise DeliveryRefused("dlt-template-missing")
        return dlt.header

    def _find(self, text: Text, since: datetime) -> str | None:
        """The id of the message that an earlier attempt left there, unless it is known not to have arrived."""
        for message in self._client.messages.list(to=text.to, limit=MESSAGES_LOOKED_AT):
            recent = message.date_created is None or message.date_created >= since - CLOCKS_DIFFER_BY
            if recent and message.body == text.text and message.status not in NEVER_ARRIVED:
                return str(message.sid)
        return None

    async def _call(self, call: Callable[[], Any]) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TwilioRestException as error:
            raise _outcome(error) from None  # its text holds the number
        except (TwilioException, OSError, ValueError) as error:  # no answer, or one that is not Twilio's
            raise DeliveryUnknown(f"twilio-{type(error).__name__}") from None


def _outcome(error: TwilioRestException) -> DeliveryRefused | DeliveryPostponed | DeliveryUnknown:
    code = f"twilio-{error.code or error.status}"
    if error.status >= 500 or error.status == 408:
        return DeliveryUnknown(code)
    if error.status == 429 or error.status in OUR_OWN_FAULT or error.code in QUEUE_FULL:
        return DeliveryPostponed(code)
    if (cause := why_gone(error.code)) is not None:
        return AddressGone(code, cause)
    return DeliveryRefused(code)


def why_gone(code: int | None) -> SuppressionCause | None:
    """What an error of Twilio's says about the number for ever, if anything; of a call and of a callback alike."""
    return GONE.get(code or 0)
