"""Acts on an entity, in the name of the account that it belongs to; or on an account itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from niyat.sandbox.razorpay import ledger, merchants
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.ledger import Actor
from niyat.sandbox.world import World

Answer = TypeVar("Answer")


class Unknown(Exception):
    """No account has such an entity, or there is no such account."""


def act(world: World, entity_id: str, actor: Actor, action: Callable[[Desk], Answer]) -> Answer:
    """Do it in one transaction and wake who waits. Raises Unknown, or the action's Refusal."""
    key_id = ledger.key_of(world.books, entity_id)
    if key_id is None:
        raise Unknown(f"no entity {entity_id!r}")
    return act_for(world, key_id, actor, action)


def act_for(world: World, key_id: str, actor: Actor, action: Callable[[Desk], Answer]) -> Answer:
    """The same for something that begins with the account."""
    merchant = merchants.find(world.books, key_id)
    if merchant is None:
        raise Unknown(f"no account {key_id!r}")
    with world.books.transaction():
        answer = action(Desk(world.books, merchant, world.clock.now(), actor))
    world.news.ring()
    return answer
