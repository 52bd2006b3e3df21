"""Waits whose days are over end by themselves."""

from __future__ import annotations

from niyat.kernel.db import Connection, rows_affected

# An offer that stands is left alone: once it lapses, its entry is found here. Whoever offers meanwhile holds the row.
CLOSE = """
UPDATE waitlist_entries e SET status = 'closed', closed_because = 'days-over', updated_at = niyat_now()
FROM doctors d
WHERE d.id = e.doctor_id AND e.status = 'waiting' AND e.latest_day < (niyat_now() AT TIME ZONE d.time_zone)::date
"""


async def close_waits(conn: Connection) -> int:
    """Close them; how many. One statement that waits for nobody's lock but the rows'."""
    return rows_affected(await conn.execute(CLOSE))
