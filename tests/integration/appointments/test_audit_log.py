"""What admins do needs a reason, and is remembered with it."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from tests.integration.appointments.world import WHY, Json, World, put_status

LOG = "SELECT actor_id, action, subject_id, reason FROM audit_log ORDER BY id"


async def test_what_an_admin_does_is_remembered_with_its_reason(world: World) -> None:
    doctor, _ = await world.doctor(fee_amount=0)
    day = (await world.slot(doctor, days_ahead=9))["starts_at"][:10]
    block = {"doctor_id": doctor["doctor_id"], "starts_at": f"{day}T00:00:00Z", "ends_at": f"{day}T09:00:00Z"}
    await world.admin.call("POST", "/api/v1/availability/block", block | {"reason": "Holidays"})
    seen, called_off = [
        await world.reserve(world.patient(), slot) for slot in (await world.slots(doctor))[1:3]
    ]
    for held, status in ((seen, "confirmed"), (called_off, "cancelled")):
        assert (await put_status(world.admin, held, status))[0] == 200
    await world.move(days=1)
    assert (await put_status(world.admin, seen, "completed"))[0] == 200
    rows = await world.db.fetch(LOG)
    assert {row["actor_id"] for row in rows} == {world.admin.id}
    assert [(row["action"], row["subject_id"], row["reason"]) for row in rows] == [
        ("create-clinic", UUID(doctor["clinic_id"]), WHY),
        ("create-doctor", UUID(doctor["doctor_id"]), WHY),
        ("set-week", UUID(doctor["doctor_id"]), WHY),
        ("block-time", UUID(doctor["doctor_id"]), "Holidays"),
        ("confirm-appointment", UUID(seen["appointment_id"]), "seen"),
        ("cancel-appointment", UUID(called_off["appointment_id"]), "seen"),
        ("complete-appointment", UUID(seen["appointment_id"]), "seen"),
    ]


async def test_an_admin_who_gives_no_reason_changes_nothing(world: World) -> None:
    doctor, me = await world.doctor()
    before = await world.db.fetch(LOG)
    week: Json = {"doctor_id": doctor["doctor_id"], "hours": []}
    silent = await world.admin.ask("POST", "/api/v1/availability/weekly", week)
    assert (silent.status_code, silent.json()["code"]) == (422, "reason-required")
    unnamed = await world.admin.ask("POST", "/api/v1/clinics", {"name": "C"})
    assert unnamed.json()["errors"][0]["field"] == "reason"
    assert await world.slots(doctor)
    await me.call("POST", "/api/v1/availability/weekly", week)
    assert await world.db.fetch(LOG) == before


@pytest.mark.parametrize(
    "sql",
    ["UPDATE audit_log SET reason = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
    ids=["update", "delete", "truncate"],
)
async def test_the_audit_log_only_grows(world: World, sql: str) -> None:
    await world.doctor()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.db.execute(sql)
