"""Settles by itself what accounts with a settlement cycle are due (see `settlements.due_at`)."""

from __future__ import annotations

from niyat.sandbox.razorpay import merchants, settlements
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.world import World

_UNSETTLED = (
    "SELECT i.key_id, m.settlement_days, i.at FROM balance_items i JOIN merchants m ON m.key_id = i.key_id"
    " WHERE i.settlement_id IS NULL AND m.settlement_days IS NOT NULL ORDER BY i.key_id, i.at"
)


def ring(world: World) -> float | None:
    """Too little to settle waits for more, not for a time."""
    now = world.clock.now()
    due: dict[str, float] = {}
    later: list[float] = []
    for row in world.books.rows(_UNSETTLED):
        moment = settlements.due_at(row["at"], row["settlement_days"])
        if moment <= now:
            due[row["key_id"]] = row["at"]
        else:
            later.append(moment)
    for key_id, happened_at in due.items():
        merchant = merchants.find(world.books, key_id)
        if merchant is not None and _settle(Desk(world.books, merchant, now, "razorpay"), happened_at):
            world.news.ring()
    return min(later, default=None)


def _settle(desk: Desk, happened_at: float) -> bool:
    try:
        with desk.books.transaction():
            settlements.process(desk, settlements.settle(desk, happened_at))
    except Refusal:
        return False
    return True
