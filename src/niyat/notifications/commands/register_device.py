"""Where push messages go: a device belongs to whoever registered its token last, and to nobody else."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.notifications.domain import DevicePlatform

MOST_DEVICES = 20
"""Of one account. Nobody carries more; those seen longest ago are forgotten."""

REGISTER = """
INSERT INTO user_devices (id, account_id, token, platform) VALUES ($1, $2, $3, $4)
ON CONFLICT (token) DO UPDATE SET
    account_id = excluded.account_id, platform = excluded.platform, last_seen_at = niyat_now(),
    created_at = CASE WHEN user_devices.account_id = excluded.account_id
                      THEN user_devices.created_at ELSE niyat_now() END
RETURNING id
"""

FORGET_OLDEST = """
DELETE FROM user_devices WHERE id IN (
    SELECT id FROM user_devices WHERE account_id = $1 AND id <> $3
    ORDER BY last_seen_at DESC, id DESC OFFSET $2 - 1)
"""


async def register_device(conn: Connection, account_id: UUID, token: str, platform: DevicePlatform) -> UUID:
    """Its id. A token that is there already is seen again, and moves to this account."""
    device_id: UUID = await conn.fetchval(REGISTER, new_id(), account_id, token, platform)
    await conn.execute(FORGET_OLDEST, account_id, MOST_DEVICES, device_id)
    return device_id
