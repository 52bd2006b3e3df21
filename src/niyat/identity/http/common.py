"""What the routes share: the error table, the state of the app, and who may call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from niyat.identity import errors, queries
from niyat.identity.commands.request_code import Limits
from niyat.identity.hashing import Keyed
from niyat.identity.ports import CodeSender
from niyat.identity.tokens import Tokens
from niyat.kernel.auth import Principal, Who
from niyat.kernel.db import Database
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import ErrorTable

TABLE: ErrorTable = {
    errors.CodeWrong: 401,
    errors.SessionOver: 401,
    errors.CodeNotSent: 503,
    errors.AccountDisabled: 403,
    errors.UnknownAccount: 404,
    errors.UnknownSession: 404,
    errors.AddressTaken: 409,
    errors.InvalidClient: 401,
    errors.UnsupportedGrantType: 400,
    errors.InvalidTokenRequest: 400,
    errors.NoSigningKey: 503,
}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What the routes work with."""

    db: Database
    keyed: Keyed
    tokens: Tokens
    sender: CodeSender
    limits: Limits
    resend_after_seconds: int
    region: str


def _identity(request: Request) -> Identity:
    identity: Identity = request.app.state.identity
    return identity


Here = Annotated[Identity, Depends(_identity)]


async def _in_session(identity: Here, who: Who) -> Principal:
    """Stricter than in other services: a token whose session ended is refused at once, not when it expires."""
    if who.session_id is None or not await queries.session_goes_on(
        identity.db, who.session_id, who.account_id
    ):
        raise Unauthenticated
    return who


Me = Annotated[Principal, Depends(_in_session)]


async def _admin(who: Me) -> Principal:
    if not who.has("admin"):
        raise Forbidden
    return who


AdminHere = Annotated[Principal, Depends(_admin)]


def spelt(field: str, spell: Callable[[], str]) -> str:
    """The one spelling of an address. Raises InvalidRequest naming `field`."""
    try:
        return spell()
    except ValueError as error:
        raise InvalidRequest(errors=[{"field": field, "message": str(error)}]) from error
