"""Payouts that wait for money begin when it is there, oldest first; after three months they fail.

https://razorpay.com/docs/x/payouts/states-life-cycle
"""

from __future__ import annotations

import sqlite3

from niyat.sandbox.razorpay import counter
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.x import payouts
from niyat.sandbox.razorpay.x.payout_states import QUEUED_TOO_LONG
from niyat.sandbox.world import World

_THREE_MONTHS_SECONDS = 92 * 86400
_QUEUED = (
    "SELECT id, created_at + ? AS ends_at FROM entities"
    " WHERE kind = 'payout' AND json_extract(doc, '$.status') = 'queued' ORDER BY created_at, seq"
)


def ring(world: World) -> float | None:
    waiting = [
        float(row["ends_at"])
        for row in world.books.rows(_QUEUED, _THREE_MONTHS_SECONDS)
        if not _worked_off(world, row)
    ]
    return min(waiting, default=None)


def _worked_off(world: World, row: sqlite3.Row) -> bool:
    def action(desk: Desk) -> bool:
        payout = payouts.fetch(desk, row["id"])
        if row["ends_at"] <= world.clock.now():
            payouts.fail(desk, payout, QUEUED_TOO_LONG)
        elif payouts.is_affordable(desk, payout):
            payouts.begin(desk, payout)
        else:
            return False
        return True

    return counter.act(world, row["id"], "razorpay", action)
