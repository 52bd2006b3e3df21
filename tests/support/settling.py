"""The days on which the sandbox settles, and what reconciliation finds in their reports."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.payments_appointments import Visit
from tests.support.payments_world import World
from tests.support.sandbox import Json

FEE = 1180
INDIA = ZoneInfo("Asia/Kolkata")


async def paid(world: World) -> tuple[Visit, Json, str]:
    """A visit that is paid and confirmed: with its payment, and the gateway's id of it."""
    visit = world.visit()
    begun = await world.initiate(visit)
    handed = await world.sandbox.pay(begun["order_id"])
    await world.verify(visit, handed)
    await world.settle()
    return visit, begun, str(handed["razorpay_payment_id"])


async def settled(world: World) -> Json:
    """The gateway settles everything, and the day of that is over here, whatever the two clocks say."""
    settlement = await world.sandbox.settle(world.account)
    ours = await world.db.fetchval("SELECT niyat_now()")
    theirs = datetime.fromtimestamp(settlement["created_at"], UTC)
    await world.move(seconds=max(0.0, (theirs - ours).total_seconds()), days=2)
    return settlement


async def read_report(world: World) -> None:
    """The reports of all days that are over are read, once more."""
    day = await world.db.fetchval("SELECT (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date")
    await world.move(days=1) if await _read_on(world, day) else None
    await world.settle()


async def _read_on(world: World, day: date) -> bool:
    return bool(
        await world.db.fetchval(
            "SELECT EXISTS (SELECT FROM reconciliation_runs"
            " WHERE (finished_at AT TIME ZONE 'Asia/Kolkata')::date >= $1)",
            day,
        )
    )


async def differences(world: World, status: str = "open") -> list[tuple[str, str | None, int]]:
    """(kind, the gateway's reference, amount) of each."""
    rows = await world.db.fetch(
        "SELECT kind, coalesce(entity_id, settlement_id) AS reference, amount FROM reconciliation_differences"
        " WHERE status = $1",
        status,
    )
    return sorted(tuple[Any, ...](row) for row in rows)
