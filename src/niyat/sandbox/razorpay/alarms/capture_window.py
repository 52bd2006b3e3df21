"""The end of the capture window: Razorpay gives back what was authorized and never captured.

The window is the order's `manual_expiry_period`, counted from the payment's creation.
https://razorpay.com/docs/payments/payments/capture-settings/api
"""

from __future__ import annotations

from functools import partial

from niyat.sandbox.razorpay import counter, payments, refunds
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.world import World

_AUTHORIZED = (
    "SELECT p.id, p.created_at + 60 * o.manual_expiry_minutes AS ends_at"
    " FROM payments p JOIN orders o ON o.id = p.order_id"
    " WHERE json_extract(p.doc, '$.status') = 'authorized' ORDER BY ends_at"
)


def ring(world: World) -> float | None:
    for row in world.books.rows(_AUTHORIZED):
        if row["ends_at"] > world.clock.now():
            return float(row["ends_at"])
        counter.act(world, row["id"], "razorpay", partial(_give_back, payment_id=row["id"]))
    return None


def _give_back(desk: Desk, payment_id: str) -> None:
    refunds.give_back_uncaptured(desk, payments.fetch(desk, payment_id))
