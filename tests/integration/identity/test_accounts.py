"""Accounts: one's own, and an admin's work on others."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from niyat.identity.commands.create_admin import create_admin
from niyat.kernel.errors import InvalidRequest
from tests.integration.identity.world import EMAIL, PHONE, Json, World, bearer

DOCTOR: Json = {
    "roles": ["doctor"],
    "name": "Dr Rao",
    "email": "rao@example.com",
    "phone": "+91 98111 11111",
    "reason": "joins the clinic",
}


async def _make(world: World, session: Json | None, body: Json, key: str | None = None) -> tuple[int, Json]:
    headers = (bearer(session) if session else {}) | ({"idempotency-key": key} if key else {})
    answer = await world.http.post("/api/v1/accounts", json=body, headers=headers)
    return answer.status_code, answer.json()


async def test_an_admin_makes_a_doctor_who_signs_in_by_email_or_phone(world: World) -> None:
    admin = await world.admin()
    status, doctor = await _make(world, admin, DOCTOR)
    assert (status, doctor["roles"], doctor["phone"]) == (201, ["doctor"], "+919811111111")
    by_phone, by_email = (
        await world.sign_in(phone=DOCTOR["phone"]),
        await world.sign_in(email=DOCTOR["email"]),
    )
    assert by_phone["account"] == by_email["account"] == doctor
    logged = await world.db.fetchrow(
        "SELECT * FROM audit_log WHERE action = 'account-created' ORDER BY id DESC LIMIT 1"
    )
    assert logged is not None
    assert (str(logged["actor_id"]), logged["reason"]) == (admin["account"]["account_id"], DOCTOR["reason"])


async def test_nobody_makes_an_account_without_saying_why(world: World) -> None:
    unexplained = {name: value for name, value in DOCTOR.items() if name != "reason"}
    status, problem = await _make(world, await world.admin(), unexplained)
    assert (status, [e["field"] for e in problem["errors"]]) == (422, ["reason"])


async def test_only_an_admin_makes_accounts(world: World) -> None:
    patient = await world.sign_in(phone=PHONE)
    assert (await _make(world, None, DOCTOR))[0] == 401
    assert (await _make(world, {"access_token": "made.up.token"}, DOCTOR))[0] == 401
    status, problem = await _make(world, patient, DOCTOR)
    assert (status, problem["code"]) == (403, "forbidden")


async def test_the_same_request_twice_makes_one_account(world: World) -> None:
    admin = await world.admin()
    (one, first), (two, second) = await asyncio.gather(
        *(_make(world, admin, DOCTOR, "once") for _ in range(2))
    )
    assert (one, two, first) == (201, 201, second)
    status, problem = await _make(world, admin, DOCTOR | {"name": "Dr Das"}, "once")
    assert (status, problem["code"]) == (422, "idempotency-key-reused")
    status, problem = await _make(world, admin, DOCTOR)
    assert (status, problem["code"]) == (409, "address-taken")


WRONG: list[tuple[Json, str]] = [
    ({"roles": []}, "roles"),
    ({"roles": ["service"]}, "roles.0"),
    ({"name": " "}, "name"),
    ({"name": "a\u0000b"}, "name"),
    ({"phone": "1"}, "phone"),
    ({"phone": "123"}, "phone"),
    ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ({"reason": ""}, "reason"),
    ({"phone": None, "email": None}, "body"),
]


async def test_what_is_wrong_in_an_account_is_named(world: World) -> None:
    admin = await world.admin()
    for change, field in WRONG:
        status, problem = await _make(world, admin, DOCTOR | change)
        assert (status, [e["field"] for e in problem["errors"]]) == (422, [field])


async def test_one_sees_oneself_and_an_admin_sees_all(world: World) -> None:
    admin, patient = await world.admin(), await world.sign_in(phone=PHONE)
    own, other = patient["account"]["account_id"], admin["account"]["account_id"]
    assert (await world.get("/api/v1/accounts/me", patient)).json() == patient["account"]
    assert (await world.get(f"/api/v1/accounts/{own}", patient)).json() == patient["account"]
    assert (await world.get(f"/api/v1/accounts/{own}", admin)).json() == patient["account"]
    for hidden in (other, uuid4()):
        answer = await world.get(f"/api/v1/accounts/{hidden}", patient)
        assert (answer.status_code, answer.json()["code"]) == (404, "account-not-found")
    assert (await world.get(f"/api/v1/accounts/{uuid4()}", admin)).status_code == 404
    assert (await world.get("/api/v1/accounts/not-an-id", patient)).status_code == 422


async def _patch(world: World, session: Json, **change: object) -> tuple[int, Json]:
    answer = await world.http.patch("/api/v1/accounts/me", json=change, headers=bearer(session))
    return answer.status_code, answer.json()


async def test_one_changes_ones_account(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    status, account = await _patch(world, session, name="Asha", language="hi", time_zone="Europe/Paris")
    assert (status, account["name"], account["language"], account["time_zone"]) == (
        200,
        "Asha",
        "hi",
        "Europe/Paris",
    )
    assert (await _patch(world, session, email=None))[1] == account
    assert (await _patch(world, session, roles=["admin"]))[0] == 422


async def test_an_email_signs_in_only_once_it_is_shown_to_be_ones_own(world: World) -> None:
    squatter = await world.sign_in(phone=PHONE)
    status, account = await _patch(world, squatter, email=EMAIL)
    assert (status, account["email"], account["email_verified"]) == (200, EMAIL, False)
    owner = await world.sign_in(email=EMAIL)
    assert owner["account"]["account_id"] != account["account_id"]


async def test_a_code_verifies_a_new_email(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    challenge = await world.ask(email=EMAIL)
    proof = {"challenge_id": challenge["challenge_id"], "code": world.outbox.code(challenge["challenge_id"])}
    status, problem = await _patch(world, session, email="other@example.com", **proof)
    assert (status, problem["code"]) == (401, "code-wrong")
    await world.later(minutes=1)
    challenge = await world.ask(email=EMAIL)
    proof = {"challenge_id": challenge["challenge_id"], "code": world.outbox.code(challenge["challenge_id"])}
    status, account = await _patch(world, session, email=EMAIL, **proof)
    assert (status, account["email_verified"]) == (200, True)
    await world.later(minutes=1)
    assert (await world.sign_in(email=EMAIL))["account"] == account
    assert (await _patch(world, session, email=EMAIL))[1]["email_verified"] is True
    assert (await _patch(world, session, code="123456"))[0] == 422


async def test_a_verified_email_of_another_account_is_taken(world: World) -> None:
    await world.sign_in(email=EMAIL)
    session = await world.sign_in(phone=PHONE)
    await world.later(minutes=1)
    challenge = await world.ask(email=EMAIL)
    proof = {"challenge_id": challenge["challenge_id"], "code": world.outbox.code(challenge["challenge_id"])}
    status, problem = await _patch(world, session, email=EMAIL, **proof)
    assert (status, problem["code"]) == (409, "address-taken")


async def test_who_signs_in_by_email_alone_must_verify_the_next_one(world: World) -> None:
    session = await world.sign_in(email=EMAIL)
    status, problem = await _patch(world, session, email="new@example.com")
    assert (status, problem["code"]) == (422, "invalid-request")
    assert "challenge_id" in problem["detail"]


async def test_the_first_admin_comes_from_the_command_line(world: World) -> None:
    patient = await world.sign_in(phone=PHONE)
    promoted = await world.db.run(create_admin, name="Asha", phone="98765 43210")
    assert str(promoted) == patient["account"]["account_id"]
    await world.later(minutes=1)
    assert (await world.sign_in(phone=PHONE))["account"]["roles"] == ["admin", "patient"]
    assert await world.db.run(create_admin, name="Asha", phone=PHONE) == promoted
    with pytest.raises(InvalidRequest):
        await world.db.run(create_admin, name="Nobody")
    with pytest.raises(InvalidRequest, match="not a phone number"):
        await world.db.run(create_admin, name="Nobody", phone="1")


async def test_an_address_of_an_admin_makes_nobody_else_an_admin(world: World) -> None:
    reader = await world.sign_in(email=EMAIL)
    admin = await world.db.run(create_admin, name="Meera", phone=PHONE)
    await _patch(world, await world.sign_in(phone=PHONE), email=EMAIL)  # unverified
    assert await world.db.run(create_admin, name="Meera", email=EMAIL) == admin
    mine = await world.get("/api/v1/accounts/me", reader)
    assert mine.json()["roles"] == ["patient"]


async def test_the_audit_log_only_grows(world: World) -> None:
    await world.admin()
    owner = await asyncpg.connect(world.databases.owner_url("identity"))
    for statement in ("UPDATE audit_log SET reason = 'other'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.db.execute(statement)
        with pytest.raises(asyncpg.RaiseError, match="only grows"):
            await owner.execute(statement)
    await owner.close()
