"""Rows of docs/failure-modes.md that are about who tries to get in, through the edge of the whole system."""

from __future__ import annotations

import re
import secrets

import httpx
import pytest

from tests.support.journeys import arriving
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox
from tests.support.system import System, running_system


@pytest.mark.failure_row(52)
async def test_codes_are_sent_sparingly_by_number_ip_and_country_and_cannot_be_found_by_trying(
    databases: Databases, moving_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIYAT_TRUSTED_PROXIES", "127.0.0.1")
    monkeypatch.setenv("NIYAT_IDENTITY_RESEND_AFTER_SECONDS", "120")
    monkeypatch.setenv("NIYAT_IDENTITY_CODES_PER_IP_IN_15_MINUTES", "7")
    monkeypatch.setenv("NIYAT_IDENTITY_CODES_PER_COUNTRY_IN_AN_HOUR", "1")
    async with running_system(databases, moving_sandbox) as system:
        phone = _number()
        challenge = (await _ask(system, phone, "203.0.113.1")).json()
        (text,) = await arriving(system, phone)
        code = re.search(r"\b\d{6}\b", text["body"])
        assert code
        wrong = f"{(int(code[0]) + 1) % 10**6:06d}"
        tries = [await _enter(system, challenge, each) for each in [wrong] * 5 + [code[0]]]
        assert tries == [401] * 6  # the right one came too late

        at_once = await _ask(system, phone, "203.0.113.1")
        assert (at_once.status_code, at_once.json()["code"]) == (429, "too-many-requests")
        assert int(at_once.headers["retry-after"]) <= 120
        again = []
        for _ in range(5):
            await system.clock.move(seconds=121)
            again.append((await _ask(system, phone, "203.0.113.1")).status_code)
        assert again == [202] * 4 + [429]
        others = [_number() for _ in range(3)]
        pumped = [(await _ask(system, other, "203.0.113.1")).status_code for other in others]
        assert pumped == [202, 202, 429]  # seven from there
        assert (await _ask(system, others[2], "203.0.113.2")).status_code == 202
        abroad = [f"+44791112{secrets.randbelow(10**4):04d}" for _ in range(2)]
        ips = ("203.0.113.3", "203.0.113.4")
        asked = [await _ask(system, number, ip) for number, ip in zip(abroad, ips, strict=True)]
        assert [answer.status_code for answer in asked] == [202, 429]
        await system.settle()
        sent = [len(await system.sandbox.texts(number)) for number in (phone, *others, *abroad)]
        assert sent == [5, 1, 1, 1, 1, 0]


def _number() -> str:
    return f"+9198{secrets.randbelow(10**8):08d}"


async def _ask(system: System, phone: str, ip: str) -> httpx.Response:
    """For a code, from behind the clinic's own proxy."""
    headers = {"x-forwarded-for": ip}
    return await system.nobody.http.post("/api/v1/auth/codes", json={"phone": phone}, headers=headers)


async def _enter(system: System, challenge: Json, code: str) -> int:
    said = {"challenge_id": challenge["challenge_id"], "code": code}
    return (await system.nobody.ask("POST", "/api/v1/auth/sessions", said)).status_code
