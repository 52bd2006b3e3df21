"""The end of the capture window: Razorpay gives back what was authorized and never captured.

The window is the order's `manual_expiry_period`, counted from the payment's creation.
https://razorpay.com/docs/payments/payments/capture-settings/api
"""

from __future__ import annotations

from niyat.sandbox.razorpay import merchants, payments, refunds
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.world import World

_AUTHORIZED = (
    "SELECT p.id, p.key_id, p.created_at + 60 * o.manual_expiry_minutes AS ends_at"
    " FROM payments p JOIN orders o ON o.id = p.order_id"
    " WHERE json_extract(p.doc, '$.status') = 'authorized' ORDER BY ends_at"
)


async def watch(world: World) -> None:
    """Close windows as the sandbox's clock passes them, until cancelled."""
    while True:
        await world.wait_until(_close_due(world))


def _close_due(world: World) -> float | None:
    """Give back what is due, and say when the next window ends."""
    for row in world.books.rows(_AUTHORIZED):
        now = world.clock.now()
        if row["ends_at"] > now:
            return float(row["ends_at"])
        merchant = merchants.find(world.books, row["key_id"])
        if merchant is not None:
            desk = Desk(world.books, merchant, now, "razorpay")
            with world.books.transaction():
                refunds.give_back_uncaptured(desk, payments.fetch(desk, row["id"]))
            world.news.ring()
    return None
