"""The delivery jobs, one for each lane: every second, and codes at once. Reminders are sent by them too, when due.

Beside them: what providers say of messages they took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from niyat.kernel.jobs import Bell, Job
from niyat.notifications.commands.apply_reports import apply_reports, forget_reports
from niyat.notifications.commands.claim import Lane
from niyat.notifications.commands.deliver import deliver_lane, give_up_late
from niyat.notifications.commands.plan_reminders import forget_past_visits
from niyat.notifications.commands.tell_staff import queue_staff_messages
from niyat.notifications.commands.templates import seed_templates
from niyat.notifications.parts import Parts

EVERY_SECONDS = 1.0
HOUR_SECONDS = 3600.0


def jobs(parts: Parts) -> Sequence[Job]:
    """Delivery stores the shipped wording before it sends for the first time.

    One run of a lane at a time in this process: whoever runs it again returns when what was under way is sent too.
    """
    seeded = False
    seeding = asyncio.Lock()
    one_at_a_time = {lane: asyncio.Lock() for lane in Lane}

    async def deliver(lane: Lane) -> int:
        nonlocal seeded
        async with seeding:
            if not seeded:
                await parts.db.run(seed_templates)
                seeded = True
        async with one_at_a_time[lane]:
            return await deliver_lane(parts, lane)

    async def forget() -> None:
        while await parts.db.run(forget_past_visits):
            pass

    async def act_on_reports() -> int:
        total = 0
        while count := await parts.db.run(apply_reports, parts.channels):
            total += count
        return total

    return (
        Job("notifications: give up what is too late", EVERY_SECONDS, partial(give_up_late, parts)),
        Job("notifications: tell staff", EVERY_SECONDS, partial(queue_staff_messages, parts)),
        *(
            Job(
                f"notifications: deliver {lane.lower().replace('_', ' ')}",
                EVERY_SECONDS,
                partial(deliver, lane),
                parts.bells[lane.channel] if lane.urgent else Bell(),
            )
            for lane in Lane
        ),
        Job("notifications: forget visits that are over", HOUR_SECONDS, forget),
        Job("notifications: act on what providers said", EVERY_SECONDS, act_on_reports, parts.reports),
        Job(
            "notifications: forget what providers said",
            HOUR_SECONDS,
            partial(parts.db.run, forget_reports),
        ),
    )
