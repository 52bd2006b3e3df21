"""What a route works with, and who may call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from niyat.identity import queries
from niyat.identity.parts import Parts
from niyat.kernel.auth import Principal, Who
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated


async def _parts(request: Request) -> Parts:  # a plain function would go through a thread
    parts: Parts = request.app.state.parts
    return parts


Here = Annotated[Parts, Depends(_parts)]


async def _in_session(parts: Here, who: Who) -> Principal:
    """Stricter than in other services: a token whose session ended is refused at once, not when it expires."""
    if who.session_id is None or not await queries.session_goes_on(parts.db, who.session_id, who.account_id):
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
