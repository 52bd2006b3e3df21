"""Signing in with a one-time code."""

from __future__ import annotations

import asyncio
import itertools
import logging

import pytest
import structlog

from tests.integration.identity.world import EMAIL, PHONE, World, bearer, identity, wrong
from tests.support.postgres import Databases, PostgresForTests


async def test_a_first_sign_in_makes_a_patient_and_a_second_finds_them(world: World) -> None:
    challenge = await world.ask(phone="98765 43210", language="hi")
    answer = await world.enter(challenge, name="Asha")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    first = answer.json()
    assert first["expires_in"] == 600
    assert first["account"] | {"account_id": "", "created_at": ""} == {
        "account_id": "",
        "roles": ["patient"],
        "name": "Asha",
        "email": None,
        "email_verified": False,
        "phone": PHONE,
        "language": "hi",
        "time_zone": "Asia/Kolkata",
        "created_at": "",
    }
    await world.later(minutes=1)
    second = await world.sign_in(phone=PHONE)
    assert second["account"] == first["account"]
    assert second["refresh_token"] != first["refresh_token"]


async def test_the_code_goes_to_the_address_in_its_one_spelling(world: World) -> None:
    await world.ask(phone="+91-98765-43210")
    await world.ask(email="Asha@Example.COM")
    assert [(c.address.channel, c.address.value) for c in world.outbox.sent] == [
        ("SMS", PHONE),
        ("EMAIL", EMAIL),
    ]


async def test_a_wrong_code_is_counted_and_the_sixth_try_is_too_late_even_if_right(world: World) -> None:
    challenge = await world.ask(phone=PHONE)
    right = world.outbox.code(challenge["challenge_id"])
    for left in (4, 3, 2, 1, 0):
        answer = await world.enter(challenge, wrong(right))
        assert (answer.status_code, answer.json()["code"]) == (401, "code-wrong")
        assert answer.json()["tries_left"] == left
    assert (await world.enter(challenge, right)).status_code == 401


@pytest.mark.failure_row(52)
async def test_fifty_tries_at_once_are_still_five(world: World) -> None:
    challenge = await world.ask(phone=PHONE)
    right = world.outbox.code(challenge["challenge_id"])
    await asyncio.gather(*(world.enter(challenge, wrong(right)) for _ in range(50)))
    assert await world.db.fetchval("SELECT tries FROM sign_in_challenges") == 5
    assert (await world.enter(challenge, right)).status_code == 401


async def test_a_code_works_once_even_when_sent_twice_at_once(world: World) -> None:
    challenge = await world.ask(phone=PHONE)
    both = await asyncio.gather(world.enter(challenge), world.enter(challenge))
    assert sorted(answer.status_code for answer in both) == [201, 401]
    assert (await world.enter(challenge)).status_code == 401


async def test_a_code_works_for_ten_minutes(world: World) -> None:
    first = await world.ask(phone=PHONE)
    await world.later(minutes=9, seconds=59)
    assert (await world.enter(first)).status_code == 201
    second = await world.ask(phone=PHONE)
    await world.later(minutes=10)
    assert (await world.enter(second)).json()["code"] == "code-wrong"


async def test_a_code_of_one_challenge_does_not_fit_another(world: World) -> None:
    mine, theirs = await world.ask(phone=PHONE), await world.ask(email=EMAIL)
    await world.db.execute("UPDATE sign_in_challenges SET code_hash = (SELECT code_hash FROM sign_in_challenges"
                           " WHERE channel = 'SMS')")  # fmt: skip
    assert (await world.enter(theirs, world.outbox.code(mine["challenge_id"]))).status_code == 401


async def test_known_and_unknown_addresses_get_the_same_answer(world: World) -> None:
    await world.sign_in(phone=PHONE)
    await world.later(minutes=1)
    known = await world.http.post("/api/v1/auth/codes", json={"phone": PHONE})
    unknown = await world.http.post("/api/v1/auth/codes", json={"phone": "+919811111111"})
    shape = [(a.status_code, sorted(a.json()), a.json()["expires_at"]) for a in (known, unknown)]
    assert shape[0] == shape[1]


async def test_two_first_sign_ins_at_once_make_one_account(databases: Databases) -> None:
    async with identity(databases, resend_after_seconds=1, codes_per_address_in_15_minutes=50) as world:
        challenges = []
        for _ in range(6):
            challenges.append(await world.ask(email=EMAIL))
            await world.later(seconds=1)
        answers = await asyncio.gather(*(world.enter(challenge) for challenge in challenges))
        assert {a.status_code for a in answers} == {201}
        assert len({a.json()["account"]["account_id"] for a in answers}) == 1


async def test_a_disabled_account_cannot_sign_in(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    await world.db.execute("UPDATE accounts SET disabled_at = niyat_now()")
    await world.later(minutes=1)
    answer = await world.enter(await world.ask(phone=PHONE))
    assert (answer.status_code, answer.json()["code"]) == (403, "account-disabled")
    assert (await world.refresh(session["refresh_token"])).status_code == 401
    assert (await world.get("/api/v1/accounts/me", session)).status_code == 401


async def test_when_a_code_is_refused_it_says_so_and_one_may_ask_again_at_once(world: World) -> None:
    world.outbox.refuses = True
    answer = await world.http.post("/api/v1/auth/codes", json={"phone": PHONE})
    assert (answer.status_code, answer.json()["code"]) == (503, "code-not-sent")
    world.outbox.refuses = False
    await world.sign_in(phone=PHONE)


async def test_a_code_that_arrives_though_nobody_answered_signs_in(world: World) -> None:
    world.outbox.silent = True
    challenge = await world.ask(phone=PHONE)
    assert (await world.enter(challenge)).status_code == 201


MALFORMED: list[tuple[dict[str, object], str]] = [
    ({}, "body"),
    ({"phone": PHONE, "email": EMAIL}, "body"),
    ({"phone": "12345"}, "phone"),
    ({"phone": "\u0000+919876543210"}, "phone"),
    ({"email": "not an address"}, "email"),
    ({"email": "a\u0000b@example.com"}, "email"),
    ({"phone": PHONE, "language": "fr"}, "language"),
    ({"phone": PHONE, "extra": 1}, "extra"),
]


async def test_a_malformed_address_is_refused_by_name(world: World) -> None:
    for body, field in MALFORMED:
        answer = await world.http.post("/api/v1/auth/codes", json=body)
        assert answer.status_code == 422, body
        assert [e["field"] for e in answer.json()["errors"]] == [field]
    assert world.outbox.sent == []


NOT_A_REQUEST = [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"code": "\\ud800"}', b"null", b"[]"]


async def test_no_body_is_an_internal_error(world: World) -> None:
    paths = ("/api/v1/auth/codes", "/api/v1/auth/sessions", "/api/v1/auth/refresh", "/oauth/token")
    for path, body in itertools.product(paths, NOT_A_REQUEST):
        answer = await world.http.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in {400, 422}, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_codes_tokens_and_addresses_are_in_no_log(
    world: World, postgres_server: PostgresForTests, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        challenge = await world.ask(phone=PHONE)
        code = world.outbox.code(challenge["challenge_id"])
        await world.enter(challenge, wrong(code))
        session = (await world.enter(challenge, name="Asha Kulkarni")).json()
        await world.refresh(session["refresh_token"])
        await world.later(minutes=5)
        await world.refresh(session["refresh_token"])
        world.outbox.silent = True
        await world.http.post("/api/v1/auth/codes", json={"phone": PHONE})
        await world.http.get("/api/v1/accounts/me", headers=bearer(session))
    logged = f"{lines}{caplog.text}{postgres_server.server.log_path.read_text(errors='replace')}{world.outbox.sent}"
    for secret in (code, session["access_token"], session["refresh_token"], PHONE, "Kulkarni"):
        assert secret not in logged
