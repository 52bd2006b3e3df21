"""What can go wrong here. The docstring of each is the sentence that a person reads."""

from __future__ import annotations

from niyat.kernel.errors import NiyatError


class CodeWrong(NiyatError):
    """That code is wrong or no longer valid; check it, or ask for a new one."""


class CodeNotSent(NiyatError):
    """Codes cannot be sent there at the moment; try again soon, or use another address."""


class SessionOver(NiyatError):
    """This session is over; sign in again."""


class AccountDisabled(NiyatError):
    """This account is disabled; ask the clinic."""


class AccountNotFound(NiyatError):
    """There is no such account that you may see."""


class SessionNotFound(NiyatError):
    """There is no such session of yours."""


class AddressTaken(NiyatError):
    """Another account already has this email or phone."""


class InvalidClient(NiyatError):
    """This client is unknown or its secret is wrong."""


class UnsupportedGrantType(NiyatError):
    """Only the grant type `client_credentials` is supported here."""


class InvalidTokenRequest(NiyatError):
    """Send grant_type, client_id and client_secret, as a form or as JSON."""


class SecretTooShort(NiyatError):
    """A service's secret has at least 32 characters; make one with `openssl rand -hex 32`."""


class NoSigningKey(NiyatError):
    """There is no signing key that can be read yet; start identity with its secret first."""
