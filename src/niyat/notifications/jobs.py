"""The delivery job: every second, and at once when a code comes in. Reminders are sent by it too, when they are due."""

from __future__ import annotations

import asyncio

from niyat.kernel.jobs import Bell, Job
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.commands.templates import seed_templates
from niyat.notifications.delivery import Delivery

EVERY_SECONDS = 1.0


def delivery_job(delivery: Delivery, bell: Bell) -> Job:
    """The job stores the shipped wording before it sends for the first time.

    One run at a time in this process: whoever runs it again returns when what was under way is sent too.
    """
    seeded = False
    one_at_a_time = asyncio.Lock()

    async def run() -> int:
        nonlocal seeded
        async with one_at_a_time:
            if not seeded:
                await delivery.db.run(seed_templates)
                seeded = True
            return await deliver_due(delivery)

    return Job("notifications.deliver", EVERY_SECONDS, run, bell)
