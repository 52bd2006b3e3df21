"""How a control acts in the name of an account: one transaction, the vendor's words when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import HTTPException, Response
from fastapi.responses import JSONResponse

from niyat.sandbox.razorpay import counter
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.ledger import Actor
from niyat.sandbox.world import World

Action = Callable[[Desk], Mapping[str, object]]


def act(world: World, entity_id: str, actor: Actor, action: Action) -> Response:
    """On an entity, in the name of the account that it belongs to."""
    return _answer(lambda: counter.act(world, entity_id, actor, action))


def act_for(world: World, key_id: str, actor: Actor, action: Action) -> Response:
    """On an account."""
    return _answer(lambda: counter.act_for(world, key_id, actor, action))


def _answer(do: Callable[[], Mapping[str, object]]) -> Response:
    try:
        return JSONResponse(do())
    except counter.Unknown as unknown:
        raise HTTPException(404, str(unknown)) from None
    except Refusal as refusal:
        return refusal.page()
