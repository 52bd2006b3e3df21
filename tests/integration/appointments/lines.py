"""What the tests of doctors' lines share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, Person, World

API = "/api/v1/waitlist"


async def join(who: Person, doctor: Json, **wish: Any) -> Json:
    """`who` stands in the doctor's line."""
    entry: Json = await who.call("POST", API, {"doctor_id": doctor["doctor_id"], **wish})
    return entry


async def entry_of(who: Person) -> Json:
    """The newest entry of `who`."""
    found: Json = (await who.call("GET", API))["items"][-1]
    return found


async def statuses(*people: Person) -> list[str]:
    return [(await entry_of(who))["status"] for who in people]


async def cancel(who: Person, appointment: Json) -> None:
    await who.call(
        "POST",
        f"/api/v1/appointments/{appointment['appointment_id']}/cancel",
        {"reason_code": "plans-changed"},
    )


async def taken(world: World, doctor: Json, **more: Any) -> tuple[Person, Json]:
    """Somebody who holds a slot of the doctor some days ahead."""
    who = world.patient()
    return who, await world.reserve(who, await world.slot(doctor, **more))


async def pay(world: World, entry: Json) -> str:
    """Pay for what is on offer; what became of the payment's wish."""
    payment = new_id()
    outcome = await world.secure(entry["offer"], payment)
    if outcome == "secured":
        assert (await world.captured(entry["offer"], payment))["outcome"] == "confirmed"
    return outcome


async def free(world: World, doctor: Json, starts_at: str) -> bool:
    """Whether the slot at this time is shown as free."""
    return starts_at in [slot["starts_at"] for slot in await world.slots(doctor)]


async def told(world: World, entry: Json) -> list[str]:
    """The types of events published about the entry, in order."""
    rows = await world.db.fetch(
        "SELECT type FROM outbox WHERE key = $1 ORDER BY sequence", str(UUID(entry["waitlist_entry_id"]))
    )
    return [row["type"] for row in rows]
