"""A payment that no bank answers for ten minutes counts as failed; the bank may still say yes for three days.

https://razorpay.com/docs/payments/payments/late-authorisation
"""

from __future__ import annotations

from functools import partial

from niyat.sandbox.razorpay import counter, payments
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.instruments import TIMED_OUT
from niyat.sandbox.world import World

_PATIENCE_SECONDS = 600
_CREATED = (
    "SELECT id, created_at + ? AS ends_at FROM payments"
    " WHERE json_extract(doc, '$.status') = 'created' ORDER BY created_at"
)


def ring(world: World) -> float | None:
    for row in world.books.rows(_CREATED, _PATIENCE_SECONDS):
        if row["ends_at"] > world.clock.now():
            return float(row["ends_at"])
        counter.act(world, row["id"], "razorpay", partial(_fail, payment_id=row["id"]))
    return None


def _fail(desk: Desk, payment_id: str) -> None:
    payments.fail(desk, payments.fetch(desk, payment_id), TIMED_OUT)
