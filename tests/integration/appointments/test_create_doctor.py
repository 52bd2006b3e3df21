from __future__ import annotations

from uuid import uuid4

from tests.integration.appointments.world import World


async def test_admins_enter_doctors_once_for_each_account(world: World) -> None:
    _, me = await world.doctor()
    clinic = await world.admin.call("POST", "/api/v1/clinics", {"name": "C", "reason": "It opened"})
    fields = {
        "account_id": str(me.id),
        "clinic_id": clinic["clinic_id"],
        "name": "Dr Twice",
        "specialty": "X",
        "fee_amount": 0,
        "time_zone": "Asia/Kolkata",
        "consultation_types": ["AUDIO"],
        "reason": "Has joined",
    }

    async def code(**more: object) -> str:
        return str((await world.admin.ask("POST", "/api/v1/doctors", fields | more)).json()["code"])

    assert await code() == "account-is-a-doctor"
    assert await code(account_id=str(uuid4()), clinic_id=str(uuid4())) == "clinic-not-found"
    assert await code(account_id=str(uuid4()), time_zone="Mars/Olympus") == "invalid-request"
    assert (await me.ask("POST", "/api/v1/doctors", fields)).status_code == 403
