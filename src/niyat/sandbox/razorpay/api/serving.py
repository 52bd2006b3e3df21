"""How every call of the vendor's API is answered: who calls, what goes wrong on order, what takes effect."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from niyat.sandbox import faults
from niyat.sandbox.razorpay import merchants
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.errors import Refusal, fault_page
from niyat.sandbox.world import World

Action = Callable[[Desk], Mapping[str, object]]

_keys_in_flight: set[tuple[str, str]] = set()


async def serve(request: Request, world: World, operation: str, action: Action) -> Response:
    try:
        merchant = merchants.authenticate(world.books, request.headers.get("authorization", ""))
    except Refusal as refusal:
        return refusal.page()

    def effect() -> Response:
        try:
            with world.books.transaction():
                answer = action(Desk(world.books, merchant, world.clock.now(), "api"))
        except Refusal as refusal:
            return refusal.page()
        world.news.ring()
        return JSONResponse(answer)

    fault = faults.take(world.books, merchant.key_id, operation)
    return await faults.serve(request, fault, effect, fault_page)


@contextlib.contextmanager
def alone_with(request: Request, key: str | None) -> Iterator[None]:
    """Raises Refusal (409) while an earlier call of the same account with the same idempotency key is open."""
    ticket = (request.headers.get("authorization", ""), key or "")
    if key is not None and ticket in _keys_in_flight:
        raise Refusal(
            "Request failed because another request is in progress with the same idempotency key",
            status=409,
            validation=False,
        )
    if key is not None:
        _keys_in_flight.add(ticket)
    try:
        yield
    finally:
        _keys_in_flight.discard(ticket)
