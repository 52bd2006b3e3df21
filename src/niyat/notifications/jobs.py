"""The delivery job: every second, and at once when a code comes in. Reminders are sent by it too, when they are due.

Beside it: what providers say of messages they took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from niyat.kernel.jobs import Job
from niyat.notifications.commands.apply_reports import apply_reports, forget_reports
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.commands.plan_reminders import forget_past_visits
from niyat.notifications.commands.templates import seed_templates
from niyat.notifications.parts import Parts

EVERY_SECONDS = 1.0
HOUR_SECONDS = 3600.0


def jobs(parts: Parts) -> Sequence[Job]:
    """Delivery stores the shipped wording before it sends for the first time.

    One run at a time in this process: whoever runs it again returns when what was under way is sent too.
    """
    seeded = False
    one_at_a_time = asyncio.Lock()

    async def run() -> int:
        nonlocal seeded
        async with one_at_a_time:
            if not seeded:
                await parts.db.run(seed_templates)
                seeded = True
            return await deliver_due(parts)

    async def forget() -> None:
        while await parts.db.run(forget_past_visits):
            pass

    async def act_on_reports() -> int:
        total = 0
        while count := await parts.db.run(apply_reports):
            total += count
        if total:
            parts.bell.ring()  # something may stand in for what did not arrive
        return total

    return (
        Job("notifications: deliver what is due", EVERY_SECONDS, run, parts.bell),
        Job("notifications: forget visits that are over", HOUR_SECONDS, forget),
        Job("notifications: act on what providers said", EVERY_SECONDS, act_on_reports, parts.reports),
        Job(
            "notifications: forget what providers said",
            HOUR_SECONDS,
            partial(parts.db.run, forget_reports),
        ),
    )
