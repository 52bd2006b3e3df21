"""Push messages through Firebase Cloud Messaging (HTTP v1) and its own SDK, which blocks: a few threads of its own.

The SDK would send a message five times before it says that the service is down, and wait two minutes for an answer:
its retries are switched off here, and ours decide. FCM has no idempotency key, so a retry carries the same collapse
id, and a device that has shown the message replaces it instead of showing two.
https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import firebase_admin
import requests
from firebase_admin import credentials, exceptions, messaging
from google.auth.exceptions import GoogleAuthError

from niyat.notifications.domain import SuppressionCause
from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from niyat.notifications.ports import Push, Receipt
from niyat.notifications.providers import FcmSettings
from niyat.notifications.turns import AT_ONCE

LONGEST_WAIT = timedelta(hours=1)
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


class FcmPushProvider:
    """A PushProvider."""

    def __init__(self, settings: FcmSettings) -> None:
        account = json.loads(settings.service_account.get_secret_value())
        self._app = firebase_admin.initialize_app(
            credentials.Certificate(account),
            {"httpTimeout": settings.timeout_seconds},
            name=f"niyat-{uuid4()}",
        )
        # The SDK has no public way to either; the contract suite holds every release against this.
        service = messaging._get_messaging_service(self._app)
        if settings.base_url is not None:
            service._fcm_url = f"{settings.base_url}/v1/projects/{self._app.project_id}/messages:send"
        for scheme in ("https://fcm.googleapis.com", "https://", "http://"):
            service._client.session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=0))
        self._session = service._client.session
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fcm")

    async def send(self, push: Push) -> Receipt:
        loop = asyncio.get_running_loop()
        try:
            name = await loop.run_in_executor(self._threads, self._send, _message(push))
        except exceptions.FirebaseError as error:
            raise _outcome(error) from None  # its text may hold the token
        except (GoogleAuthError, requests.RequestException) as error:  # we got no access, so nothing was sent
            raise DeliveryPostponed(f"fcm-{type(error).__name__}") from None
        except (ValueError, KeyError) as error:  # an answer that is not FCM's
            raise DeliveryUnknown(f"fcm-{type(error).__name__}") from None
        return Receipt("fcm", name)

    async def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._session.close()
        await asyncio.to_thread(firebase_admin.delete_app, self._app)  # it starts a loop of its own

    def _send(self, message: messaging.Message) -> str:
        return str(messaging.send(message, app=self._app))


def _message(push: Push) -> messaging.Message:
    once = push.message_id
    message = messaging.Message(
        notification=messaging.Notification(title=push.title, body=push.body),
        data={**push.data, "message_id": once},
        android=messaging.AndroidConfig(
            collapse_key=once, notification=messaging.AndroidNotification(tag=once)
        ),
        apns=messaging.APNSConfig(
            headers={"apns-collapse-id": once[:64]}, payload=messaging.APNSPayload(messaging.Aps())
        ),
        webpush=messaging.WebpushConfig(notification=messaging.WebpushNotification(tag=once)),
    )
    message.token = (
        push.token
    )  # devices register tokens; the SDK's constructor warns of them at every message
    return message


def _outcome(error: exceptions.FirebaseError) -> DeliveryRefused | DeliveryPostponed | DeliveryUnknown:
    response = error.http_response
    if response is None:
        return DeliveryUnknown(f"fcm-{error.code}")
    match error:
        case messaging.UnregisteredError():
            return AddressGone("fcm-UNREGISTERED", SuppressionCause.UNREGISTERED)
        case messaging.SenderIdMismatchError():
            return AddressGone("fcm-SENDER_ID_MISMATCH", SuppressionCause.UNREGISTERED)
        case exceptions.InvalidArgumentError() if _token_is_wrong(response):
            return AddressGone("fcm-INVALID_ARGUMENT", SuppressionCause.UNREGISTERED)
        case exceptions.InvalidArgumentError():
            return DeliveryRefused("fcm-INVALID_ARGUMENT")
        case messaging.QuotaExceededError():
            return DeliveryPostponed("fcm-QUOTA_EXCEEDED", _retry_after(response))
        case messaging.ThirdPartyAuthError():  # our certificate with Apple: staff can mend it, the message is fine
            return DeliveryPostponed("fcm-THIRD_PARTY_AUTH_ERROR")
        case exceptions.UnavailableError():
            return DeliveryPostponed("fcm-UNAVAILABLE", _retry_after(response))
        case _ if response.status_code in {401, 403, 404, 429}:  # our own credentials or project
            return DeliveryPostponed(f"fcm-{error.code}", _retry_after(response))
    return DeliveryUnknown(f"fcm-{error.code}")


def _token_is_wrong(response: requests.Response) -> bool:
    """Whether FCM objects to the token and not to the message: it says so itself, and names no other field."""
    try:
        details: list[Mapping[str, Any]] = response.json()["error"]["details"]
    except (ValueError, KeyError, TypeError):
        return False
    fields = [
        violation.get("field")
        for detail in details
        if detail.get("@type") == BAD_REQUEST
        for violation in detail.get("fieldViolations", ())
    ]
    return any(detail.get("@type") == FCM_ERROR for detail in details) and set(fields) <= {"message.token"}


def _retry_after(response: requests.Response) -> timedelta | None:
    seconds = response.headers.get("Retry-After", "")
    return min(timedelta(seconds=int(seconds[:9])), LONGEST_WAIT) if seconds.isdigit() else None
