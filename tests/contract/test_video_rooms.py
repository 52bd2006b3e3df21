"""One suite for every provider of video rooms, each against its stand-in; and what each does in its own way."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from niyat.appointments.adapters.daily import DailyRooms
from niyat.appointments.adapters.jitsi import JitsiRooms, as_a_service, own_server
from niyat.appointments.errors import VideoUnavailable
from niyat.appointments.ports import Guest, Room, VideoRooms
from tests.support.sandbox import DailyAccount, Kind, Sandbox

TIMEOUT_SECONDS = 1.0
PATIENT = Guest("patient", "Patient")
DOCTOR = Guest("doctor", "डॉ. सुनीता शर्मा")


async def jitsi_rooms(sandbox: Sandbox) -> VideoRooms:
    app_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return JitsiRooms(own_server(await sandbox.register_video_app(app_id, secret), app_id, secret))


async def daily_rooms(sandbox: Sandbox) -> VideoRooms:
    account = await sandbox.register_daily()
    return DailyRooms(account.api_key, account.url, TIMEOUT_SECONDS)


@pytest.fixture
def sandbox(moving_sandbox: Sandbox) -> Sandbox:
    """Some of these tests wait until a door opens or closes."""
    return moving_sandbox


@pytest.fixture(params=[jitsi_rooms, daily_rooms], ids=["jitsi", "daily"])
async def rooms(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[VideoRooms]:
    made: VideoRooms = await request.param(sandbox)
    yield made
    await made.close()


async def room_of(sandbox: Sandbox, *, opens_in: float = -60, closes_in: float = 3600) -> Room:
    """A room, opening and closing so many seconds from the sandbox's now."""
    now = datetime.fromtimestamp(await sandbox.now(), UTC)
    return Room(secrets.token_hex(16), now + timedelta(seconds=opens_in), now + timedelta(seconds=closes_in))


async def come(url: str) -> tuple[int, dict[str, Any]]:
    """Open the link, as a program would."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(url)
    return answer.status_code, answer.json()


async def test_both_meet_in_one_room_and_the_doctor_runs_it(rooms: VideoRooms, sandbox: Sandbox) -> None:
    room = await room_of(sandbox)
    status, alone = await come(await rooms.link(room, PATIENT))
    assert (status, alone["you"], alone["is_owner"]) == (200, "Patient", False)
    status, both = await come(await rooms.link(room, DOCTOR))
    assert (status, both["you"], both["is_owner"]) == (200, DOCTOR.name, True)
    assert {guest["name"] for guest in both["guests"]} == {"Patient", DOCTOR.name}


async def test_a_link_opens_its_own_room_alone(rooms: VideoRooms, sandbox: Sandbox) -> None:
    mine, other = await room_of(sandbox), await room_of(sandbox)
    await rooms.link(other, DOCTOR)
    link = await rooms.link(mine, PATIENT)
    assert (await come(link.replace(mine.name, other.name)))[0] == 403
    assert (await come(link.partition("?")[0]))[0] == 403


async def test_a_link_does_not_work_before_its_time_nor_after_it(rooms: VideoRooms, sandbox: Sandbox) -> None:
    early = await room_of(sandbox, opens_in=60)
    assert (await come(await rooms.link(early, PATIENT)))[0] == 403
    soon_over = await room_of(sandbox, closes_in=30)
    link = await rooms.link(soon_over, PATIENT)
    assert (await come(link))[0] == 200
    await sandbox.shift_clock(31)
    assert (await come(link))[0] == 403


async def test_after_a_move_the_same_room_opens_at_the_new_time(rooms: VideoRooms, sandbox: Sandbox) -> None:
    before = await room_of(sandbox, opens_in=-60, closes_in=30)
    await rooms.link(before, PATIENT)
    later = replace(
        before, opens_at=before.opens_at + timedelta(hours=2), closes_at=before.closes_at + timedelta(hours=3)
    )
    link = await rooms.link(later, PATIENT)
    assert (await come(link))[0] == 403
    await sandbox.shift_clock(2 * 3600)
    assert (await come(link))[0] == 200


async def test_any_number_may_ask_at_once(rooms: VideoRooms, sandbox: Sandbox) -> None:
    room = await room_of(sandbox)
    links = await asyncio.gather(*(rooms.link(room, guest) for guest in (PATIENT, DOCTOR) * 4))
    assert {(await come(link))[0] for link in links} == {200}


@pytest.fixture
async def account(sandbox: Sandbox) -> DailyAccount:
    return await sandbox.register_daily()


@pytest.fixture
async def daily(account: DailyAccount) -> AsyncIterator[DailyRooms]:
    made = DailyRooms(account.api_key, account.url, TIMEOUT_SECONDS)
    yield made
    await made.close()


@pytest.mark.parametrize(
    "kind", ["lose-request", "lose-answer", "reset", "http-429", "http-500-json", "http-502-html"]
)
@pytest.mark.parametrize("operation", ["rooms.create", "meeting-tokens.create"])
async def test_daily_an_unknown_outcome_is_tried_again_and_makes_no_second_room(
    sandbox: Sandbox, account: DailyAccount, daily: DailyRooms, operation: str, kind: Kind
) -> None:
    await sandbox.add_fault(account, operation, kind)
    room = await room_of(sandbox)
    assert (await come(await daily.link(room, PATIENT)))[0] == 200


async def test_daily_silence_ends_in_a_clear_refusal(
    sandbox: Sandbox, account: DailyAccount, daily: DailyRooms
) -> None:
    await sandbox.add_fault(account, "*", "timeout-after", times=9, seconds=30)
    with pytest.raises(VideoUnavailable):
        await asyncio.wait_for(daily.link(await room_of(sandbox), PATIENT), 10)


async def test_daily_a_wrong_key_is_a_clear_refusal(sandbox: Sandbox, account: DailyAccount) -> None:
    rooms = DailyRooms("wrong", account.url, TIMEOUT_SECONDS)
    with pytest.raises(VideoUnavailable):
        await rooms.link(await room_of(sandbox), PATIENT)
    await rooms.close()


async def test_jaas_tokens_have_the_claims_that_8x8_documents() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    now = datetime.now(UTC).replace(microsecond=0)
    room = Room(secrets.token_hex(16), now - timedelta(minutes=1), now + timedelta(hours=1))
    rooms = JitsiRooms(as_a_service("vpaas-magic-cookie-1fc542/4f4910", pem))
    url = httpx.URL(await rooms.link(room, DOCTOR))
    assert (url.scheme, url.host, url.path) == ("https", "8x8.vc", f"/vpaas-magic-cookie-1fc542/{room.name}")
    token = url.params["jwt"]
    assert jwt.get_unverified_header(token)["kid"] == "vpaas-magic-cookie-1fc542/4f4910"
    claims = jwt.decode(token, key.public_key(), algorithms=["RS256"], audience="jitsi", issuer="chat")
    assert claims["sub"] == "vpaas-magic-cookie-1fc542"
    assert claims["room"] == room.name
    assert (claims["nbf"], claims["exp"]) == (room.opens_at.timestamp(), room.closes_at.timestamp())
    assert claims["context"]["user"] == {
        "id": "doctor",
        "name": DOCTOR.name,
        "moderator": "true",
        "affiliation": "owner",
    }


def test_a_servers_subject_is_its_tenant_or_its_domain() -> None:
    secret = secrets.token_urlsafe(32)
    assert own_server("https://Meet.Clinic.example", "app", secret).subject == "meet.clinic.example"
    assert own_server("https://meet.example/Clinic", "app", secret).subject == "clinic"
    assert secret not in json.dumps(repr(own_server("https://meet.example", "app", secret)))
