"""What the gateway does by itself as the sandbox's clock passes: one file per rule, all in one round.

Each rule does what is due and says when it is due next (seconds of the sandbox's clock), None for only when
something else happens first.
"""

from __future__ import annotations

from niyat.sandbox.razorpay.alarms import capture_window, payout_queue, settlement_cycle, unanswered
from niyat.sandbox.world import World

_RULES = (unanswered.ring, capture_window.ring, settlement_cycle.ring, payout_queue.ring)


async def watch(world: World) -> None:
    """Ring them until cancelled."""
    while True:
        due = [moment for moment in [rule(world) for rule in _RULES] if moment is not None]
        await world.wait_until(min(due, default=None))
