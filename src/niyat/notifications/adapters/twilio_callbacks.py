"""Whether Twilio itself says how a message ended: it signs the address it calls and every field of the form.

The address is the one that we gave it, not the one a proxy shows us
(https://www.twilio.com/docs/usage/security#validating-requests).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from niyat.notifications.adapters.twilio import why_gone
from niyat.notifications.domain import SuppressionCause


class TwilioCallbacks:
    """Callbacks of one Twilio account."""

    def __init__(self, auth_token: SecretStr, url: str) -> None:
        self._validator = RequestValidator(auth_token.get_secret_value())
        self._url = url

    def genuine(self, fields: Mapping[str, Sequence[str]], signature: str) -> bool:
        return signature.isascii() and bool(self._validator.validate(self._url, _Form(fields), signature))

    def why_gone(self, code: int) -> SuppressionCause | None:
        return why_gone(code)


class _Form(dict[str, Sequence[str]]):
    """A form as the vendor's validator asks about it."""

    def getlist(self, name: str) -> list[str]:
        return list(self[name])
