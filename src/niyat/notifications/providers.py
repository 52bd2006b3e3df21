"""What the adapters of providers are told; settings.py reads it from the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, kw_only=True)
class DltSettings:
    """What was registered in India: the business, the sender's header, and an id for each wording (`TYPE.language`)."""

    entity_id: str
    header: str
    templates: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class TwilioSettings:
    """Whose account text messages are sent from. `base_url` replaces https://api.twilio.com, for the sandbox."""

    account_sid: str
    auth_token: SecretStr
    from_number: str
    base_url: str | None
    timeout_seconds: float
    status_callback: str | None = None
    dlt: DltSettings | None = None


@dataclass(frozen=True, kw_only=True)
class FcmSettings:
    """Whose project push messages are sent from. `base_url` replaces https://fcm.googleapis.com, for the sandbox."""

    service_account: SecretStr
    base_url: str | None
    timeout_seconds: float


def check_service_account(text: str) -> None:
    """Raises ValueError, without a word of it, unless `text` is the JSON of a service account's key."""
    try:
        names = json.loads(text).keys()
    except (ValueError, AttributeError):
        names = {}.keys()
    if not {"project_id", "private_key", "client_email", "token_uri"} <= names:
        raise ValueError("FCM_SERVICE_ACCOUNT must be the JSON of a service account's key")
