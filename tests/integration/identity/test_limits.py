"""How many codes may be asked for."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from tests.integration.identity.world import CLIENT_SECRET, PHONE, World, identity, wrong
from tests.support.postgres import Databases


async def _asked(world: World, phone: str = PHONE) -> tuple[int, str | None]:
    answer = await world.http.post("/api/v1/auth/codes", json={"phone": phone})
    if answer.status_code == 429:
        assert answer.json()["code"] == "too-many-requests"
        assert answer.json()["retry_after_seconds"] == int(answer.headers["retry-after"])
    return answer.status_code, answer.headers.get("retry-after")


async def test_another_code_can_be_had_after_half_a_minute(world: World) -> None:
    assert (await world.ask(phone=PHONE))["resend_after_seconds"] == 30
    await world.later(seconds=10)
    assert await _asked(world) == (429, "20")
    assert await _asked(world, "+919811111111") == (202, None)
    await world.later(seconds=20)
    assert await _asked(world) == (202, None)


async def test_five_codes_to_one_address_in_a_quarter_of_an_hour(world: World) -> None:
    for _ in range(5):
        assert await _asked(world) == (202, None)
        await world.later(minutes=1)
    assert await _asked(world) == (429, "600")
    await world.later(minutes=10)
    assert await _asked(world) == (202, None)


@pytest.mark.failure_row(52)
async def test_twenty_codes_to_one_address_in_a_day(world: World) -> None:
    for _ in range(20):
        assert await _asked(world) == (202, None)
        await world.later(minutes=20)
    assert await _asked(world) == (429, str(24 * 3600 - 20 * 20 * 60))


@pytest.mark.failure_row(52)
async def test_codes_from_one_ip_are_limited_whatever_the_address(databases: Databases) -> None:
    async with identity(databases, codes_per_ip_in_15_minutes=3) as world:
        for number in range(3):
            assert (await _asked(world, f"+91981111111{number}"))[0] == 202
        assert await _asked(world) == (429, "900")


@pytest.mark.failure_row(52)
async def test_text_messages_abroad_are_limited_by_country_and_at_home_they_are_not(
    databases: Databases,
) -> None:
    async with identity(databases, codes_per_country_in_an_hour=2) as world:
        for number in range(2):
            assert (await _asked(world, f"+44791112345{number}"))[0] == 202
        assert await _asked(world, "+447911123459") == (429, "3600")
        assert (await _asked(world, "+12025550123"))[0] == 202
        for number in range(3):
            assert (await _asked(world, f"+91981111111{number}"))[0] == 202
        await world.later(hours=1)
        assert (await _asked(world, "+447911123459"))[0] == 202


async def test_requests_at_once_cannot_slip_through_together(databases: Databases) -> None:
    async with identity(databases, codes_per_ip_in_15_minutes=4) as world:
        same = await asyncio.gather(*(_asked(world) for _ in range(8)))
        assert [status for status, _ in same].count(202) == 1
        others = await asyncio.gather(*(_asked(world, f"+91981111111{n}") for n in range(8)))
        assert [status for status, _ in others].count(202) == 3


@pytest.mark.long
async def test_a_thousand_codes_for_one_number_or_from_one_place_are_few(world: World) -> None:
    numbers = [f"+9198111{number:05d}" for number in range(1000)]
    for phones, sent in (([PHONE] * 1000, 1), (numbers, 59)):  # sixty from one place, the first among them
        before = len(world.outbox.sent)
        refused = 0
        for start in range(0, 1000, 50):
            answers = await asyncio.gather(*(_asked(world, phone) for phone in phones[start : start + 50]))
            refused += [status for status, _ in answers].count(429)
        assert (len(world.outbox.sent) - before, refused) == (sent, 1000 - sent)


async def _wrong_codes(world: World, phone: str, count: int) -> list[int]:
    """Statuses of `count` wrong codes, with a new challenge for every five."""
    statuses: list[int] = []
    while len(statuses) < count:
        challenge = await world.ask(phone=phone)
        right = world.outbox.code(challenge["challenge_id"])
        tries = min(5, count - len(statuses))
        statuses += [(await world.enter(challenge, wrong(right))).status_code for _ in range(tries)]
        await world.later(minutes=5)
    return statuses


async def test_new_codes_give_no_new_luck_at_one_address(databases: Databases) -> None:
    async with identity(databases, wrong_codes_per_address_in_a_day=12) as world:
        assert await _wrong_codes(world, PHONE, 13) == [401] * 12 + [429]
        challenge = await world.ask(phone=PHONE)
        answer = await world.enter(challenge)  # even the right one: it was not looked at
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
        assert answer.json()["retry_after_seconds"] == 24 * 3600 - 15 * 60
        assert (await world.enter(await world.ask(phone="+919811111111"))).status_code == 201
        await world.later(days=1)
        assert (await world.enter(await world.ask(phone=PHONE))).status_code == 201


async def test_many_addresses_give_no_more_luck_to_one_place(databases: Databases) -> None:
    async with identity(databases, wrong_codes_per_ip_in_15_minutes=12) as world:
        asked = [await world.ask(phone=f"+91981111111{number}") for number in range(4)]
        codes = [wrong(world.outbox.code(one["challenge_id"])) for one in asked]
        tries = [(one, code) for one, code in zip(asked, codes, strict=True) for _ in range(5)]
        answers = await asyncio.gather(*(world.enter(one, code) for one, code in tries))
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(401), statuses.count(429)) == (12, 8)
        await world.later(minutes=15)
        assert (await world.enter(await world.ask(phone=PHONE))).status_code == 201


async def test_whoever_mistypes_and_then_gets_it_right_is_not_held_to_it(databases: Databases) -> None:
    """A right code is no wrong one, however often one signs in."""
    async with identity(databases, wrong_codes_per_ip_in_15_minutes=5) as world:
        asked = [await world.ask(phone=f"+91981111111{number}") for number in range(8)]
        for one in asked[:4]:
            right = world.outbox.code(one["challenge_id"])
            assert (await world.enter(one, wrong(right))).status_code == 401
        assert [(await world.enter(one)).status_code for one in asked] == [201] * 8


GATEWAY_SECRET = SecretStr("the secret of the gateway, long enough too")


async def _visitor_asked(world: World, requester: str, number: int, *, service: str = "gateway") -> int:
    secrets = {"gateway": GATEWAY_SECRET, "notifications": CLIENT_SECRET}
    credentials = {"grant_type": "client_credentials", "client_id": service}
    token = await world.http.post(
        "/oauth/token", json=credentials | {"client_secret": secrets[service].get_secret_value()}
    )
    answer = await world.http.post(
        "/internal/sign-in-codes",
        json={"phone": f"+9198111111{number:02d}", "requester": requester},
        headers={"authorization": f"Bearer {token.json()['access_token']}"},
    )
    return answer.status_code


async def test_the_pages_visitors_are_counted_one_by_one(databases: Databases) -> None:
    async with identity(
        databases, codes_per_ip_in_15_minutes=2, gateway_client_secret=GATEWAY_SECRET
    ) as world:
        asked = [await _visitor_asked(world, "203.0.113.1", number) for number in range(3)]
        assert asked == [202, 202, 429]
        assert await _visitor_asked(world, "203.0.113.2", 4) == 202
        # One subscriber has a whole /64 of IPv6 addresses to ask from.
        asked = [await _visitor_asked(world, f"2001:db8::{number}", 10 + number) for number in range(3)]
        assert asked == [202, 202, 429]
        assert await _visitor_asked(world, "2001:db8:0:1::1", 20) == 202
        assert await _visitor_asked(world, "::ffff:203.0.113.1", 21) == 429


async def test_nobody_but_the_gateway_may_say_for_whom_a_code_is(databases: Databases) -> None:
    async with identity(databases, gateway_client_secret=GATEWAY_SECRET) as world:
        assert await _visitor_asked(world, "203.0.113.1", 1, service="notifications") == 403
        body = {"phone": PHONE, "requester": "203.0.113.1"}
        assert (await world.http.post("/internal/sign-in-codes", json=body)).status_code == 401
