"""The types that the code and the database know are the same."""

from __future__ import annotations

import re

from niyat.notifications.domain import NotificationType
from tests.support.notifications import World

CHECK = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'scheduled_notifications_type_check'
"""


async def test_the_database_takes_every_type_of_the_code_and_no_other(world: World) -> None:
    allowed = re.findall(r"'([A-Z_]+)'", await world.db.fetchval(CHECK))
    assert set(allowed) == set(NotificationType)
