"""Tokens as others verify them, service tokens, and the keys behind both."""

from __future__ import annotations

import asyncio
import base64
from uuid import UUID

import asyncpg
import httpx
import jwt
import pytest
from pydantic import SecretStr

from niyat.identity.commands.ensure_service_client import ensure_service_client
from niyat.identity.commands.rotate_keys import ensure_signing_key, rotate_keys
from niyat.identity.domain import service_account_id
from niyat.identity.errors import SecretTooShort
from niyat.identity.hashing import Keyed
from niyat.identity.keys import SigningKeys
from niyat.identity.tokens import Tokens
from niyat.kernel.errors import Unauthenticated
from tests.integration.identity.world import CLIENT_SECRET, PHONE, SECRET, Json, World, bearer

CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "notifications",
    "client_secret": CLIENT_SECRET.get_secret_value(),
}


async def test_a_persons_token_is_accepted_by_other_services_for_ten_minutes(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    verifier = world.verifier()
    who = await verifier.verify(session["access_token"])
    assert str(who.account_id) == session["account"]["account_id"]
    assert who.roles == {"patient"}
    assert who.service is None
    assert who.session_id is not None
    await world.later(minutes=10)
    with pytest.raises(Unauthenticated):
        await verifier.verify(session["access_token"])


async def test_tokens_say_who_and_nothing_about_them(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert sorted(claims) == ["aud", "exp", "iat", "iss", "roles", "sid", "sub"]
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == ("niyat", "niyat", 600)


async def _token(world: World, **request: object) -> httpx.Response:
    return await world.http.post("/oauth/token", **request)  # type: ignore[arg-type]


async def test_a_service_gets_its_token_by_form_json_or_basic(world: World) -> None:
    basic = base64.b64encode(f"notifications:{CLIENT_SECRET.get_secret_value()}".encode()).decode()
    answers = [
        await _token(world, data=CREDENTIALS),
        await _token(world, json=CREDENTIALS),
        await _token(
            world, data={"grant_type": "client_credentials"}, headers={"authorization": f"Basic {basic}"}
        ),
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 600)
        who = await world.verifier().verify(answer.json()["access_token"])
        assert who.account_id == service_account_id("notifications")
        assert who.roles == {"service"}
        assert who.service == "notifications"


REFUSED: list[tuple[Json, int, str]] = [
    ({"client_secret": "another secret that is long enough"}, 401, "invalid_client"),
    ({"client_id": "nobody"}, 401, "invalid_client"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ({"client_secret": ""}, 400, "invalid_request"),
    ({"client_id": "\u0000"}, 400, "invalid_request"),
    ({"client_id": 7}, 400, "invalid_request"),
    ({"client_id": None}, 400, "invalid_request"),
]


async def test_a_wrong_token_request_is_refused_as_oauth_says(world: World) -> None:
    for change, status, error in REFUSED:
        answer = await _token(world, json=CREDENTIALS | change)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert answer.json()["error_description"]


async def test_a_new_client_secret_replaces_the_old_one_and_a_short_one_is_refused(world: World) -> None:
    new = SecretStr("the next secret, which is long enough as well")
    await world.db.run(ensure_service_client, "notifications", new)
    assert (await _token(world, json=CREDENTIALS)).status_code == 401
    assert (
        await _token(world, json=CREDENTIALS | {"client_secret": new.get_secret_value()})
    ).status_code == 200
    with pytest.raises(SecretTooShort, match="notifications"):
        await world.db.run(ensure_service_client, "notifications", SecretStr("short"))


async def test_only_notifications_asks_whom_to_reach(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    path = f"/internal/accounts/{session['account']['account_id']}"
    service = (await _token(world, json=CREDENTIALS)).json()
    assert (await world.get(path, service)).json() == {
        "account_id": session["account"]["account_id"],
        "name": None,
        "email": None,
        "phone": PHONE,
        "language": "en",
        "time_zone": "Asia/Kolkata",
    }
    assert (await world.get(path, session)).status_code == 403
    other = await Tokens(SigningKeys(world.db, Keyed(SECRET), world.clock), "niyat", world.clock).for_service(
        "payments"
    )
    assert (await world.get(path, {"access_token": other.value})).status_code == 403  # not its call to make
    assert (await world.http.get(path)).status_code == 401
    assert (await world.get(f"/internal/accounts/{UUID(int=0)}", service)).status_code == 404


async def test_notifications_ask_whom_to_reach_of_many_at_once(world: World) -> None:
    sessions = [await world.sign_in(phone=PHONE), await world.sign_in(email="asha@patient.example")]
    ids = [session["account"]["account_id"] for session in sessions]
    service = (await _token(world, json=CREDENTIALS)).json()
    path = "/internal/accounts/find"

    async def find(asked: list[str], session: Json) -> httpx.Response:
        return await world.http.post(path, json={"account_ids": asked}, headers=bearer(session))

    found = await find([*ids, str(UUID(int=0))], service)
    assert {item["account_id"] for item in found.json()["items"]} == set(ids)
    assert (await world.get(f"/internal/accounts/{ids[0]}", service)).json() in found.json()["items"]
    assert (await find([], service)).status_code == 422
    assert (await find(ids, sessions[0])).status_code == 403


async def test_notifications_ask_who_the_administrators_are(world: World) -> None:
    patient, admin = await world.sign_in(phone=PHONE), await world.admin()
    service = (await _token(world, json=CREDENTIALS)).json()
    path = "/internal/administrators"
    found = (await world.get(path, service)).json()["account_ids"]
    assert admin["account"]["account_id"] in found
    assert patient["account"]["account_id"] not in found
    assert (await world.get(path, admin)).status_code == 403


async def test_a_service_token_is_nobodys_session(world: World) -> None:
    service = (await _token(world, json=CREDENTIALS)).json()
    for path in ("/api/v1/accounts/me", "/api/v1/auth/sessions"):
        assert (await world.get(path, service)).status_code == 401


async def test_keys_rotate_monthly_and_no_token_is_refused_meanwhile(world: World) -> None:
    keyed, verifier = Keyed(SECRET), world.verifier()
    old_kid = (await world.http.get("/.well-known/jwks.json")).json()["keys"][0]["kid"]
    await rotate_keys(world.db, keyed)
    assert await _kids(world) == {old_kid}
    await world.later(days=30)
    await asyncio.gather(*(rotate_keys(world.db, keyed) for _ in range(3)))
    kids = await _kids(world)
    assert len(kids) == 2
    announced = await world.sign_in(phone=PHONE)
    assert jwt.get_unverified_header(announced["access_token"])["kid"] == old_kid
    await world.later(minutes=15)
    switched = (await world.refresh(announced["refresh_token"])).json()
    assert {jwt.get_unverified_header(switched["access_token"])["kid"]} == kids - {old_kid}
    await verifier.verify(switched["access_token"])
    await world.later(minutes=61)
    assert await _kids(world) == kids - {old_kid}
    await rotate_keys(world.db, keyed)
    assert await world.db.fetchval("SELECT count(*) FROM signing_keys") == 1


async def _kids(world: World) -> set[str]:
    return {key["kid"] for key in (await world.http.get("/.well-known/jwks.json")).json()["keys"]}


async def test_the_published_keys_have_no_private_part(world: World) -> None:
    (key,) = (await world.http.get("/.well-known/jwks.json")).json()["keys"]
    assert sorted(key) == ["alg", "e", "kid", "kty", "n", "use"]


async def test_private_keys_are_encrypted_and_the_audit_cannot_read_them(world: World) -> None:
    pem = await world.db.fetchval("SELECT private_pem FROM signing_keys")
    assert pem.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    audit = await asyncpg.connect(world.databases.audit_url("identity"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await audit.fetch("SELECT private_pem FROM signing_keys")
    await audit.close()


async def test_a_new_secret_brings_a_new_key_and_old_tokens_stay_valid(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    await world.later(minutes=1)
    settings = world.settings.model_copy(
        update={"code_secret": SecretStr("another secret of identity, also long")}
    )
    await ensure_signing_key(world.db, Keyed(settings.code_secret))
    assert len(await _kids(world)) == 2
    await world.verifier().verify(session["access_token"])


async def test_several_processes_that_start_at_once_make_one_key(world: World) -> None:
    await world.db.execute("DELETE FROM signing_keys")
    await asyncio.gather(*(ensure_signing_key(world.db, Keyed(SECRET)) for _ in range(4)))
    assert await world.db.fetchval("SELECT count(*) FROM signing_keys") == 1
