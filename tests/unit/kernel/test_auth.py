"""Verifying tokens: what is accepted, what is not, and what happens while the keys are on their way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from fastapi import Depends
from jwt.algorithms import RSAAlgorithm

from niyat.kernel import auth
from niyat.kernel.auth import Admin, Principal, TokenVerifier, Who, service_call
from niyat.kernel.clock import Clock
from niyat.kernel.errors import ServiceUnavailable, Unauthenticated
from niyat.kernel.http import create_app

ME = UUID("0198c0de-0000-7000-8000-000000000001")
SESSION = UUID("0198c0de-0000-7000-8000-000000000002")
NOON = datetime(2030, 1, 15, 12, 0, tzinfo=UTC)

Json = dict[str, Any]


@cache
def key(kid: str) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def jwk(kid: str) -> Json:
    public: Json = json.loads(RSAAlgorithm.to_jwk(key(kid).public_key()))
    return public | {"kid": kid, "alg": "RS256", "use": "sig"}


def claims(**different: Any) -> Json:
    made = {
        "iss": "niyat",
        "aud": "niyat",
        "sub": str(ME),
        "roles": ["patient"],
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 600,
    } | different
    return {name: value for name, value in made.items() if value is not None}


def token(kid: str = "one", **different: Any) -> str:
    return jwt.encode(claims(**different), key(kid), algorithm="RS256", headers={"kid": kid})


class Issuer:
    """Where keys are published; counts how often it is asked, and can be away or slow."""

    def __init__(self, *kids: str) -> None:
        self.kids = list(kids)
        self.asked = 0
        self.away = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self) -> Json:
        self.asked += 1
        if self.away:
            raise ServiceUnavailable
        await self.may_answer.wait()
        return {"keys": [jwk(kid) for kid in self.kids]}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer("one")


@pytest.fixture
def clock() -> Clock:
    made = Clock()
    made.stand_at(NOON)
    return made


@pytest.fixture
def verifier(issuer: Issuer, clock: Clock) -> TokenVerifier:
    return TokenVerifier(issuer, issuer="niyat", clock=clock)


async def test_a_good_token_says_who_it_is(verifier: TokenVerifier) -> None:
    assert await verifier.verify(token(sid=str(SESSION))) == Principal(
        ME, frozenset({"patient"}), None, SESSION
    )
    service = await verifier.verify(token(roles=["service"], service="payments"))
    assert (service.service, service.session_id) == ("payments", None)


BAD: dict[str, Callable[[], str]] = {
    "not a token": lambda: "not.a.token",
    "empty": lambda: "",
    "over": lambda: token(exp=int(NOON.timestamp())),
    "without an end": lambda: token(exp=None),
    "end that is no number": lambda: token(exp="soon"),
    "without a subject": lambda: token(sub=None),
    "subject that is no id": lambda: token(sub="asha"),
    "without roles": lambda: token(roles=None),
    "roles that are no list": lambda: token(roles=7),
    "roles in roles": lambda: token(roles=[["admin"]]),
    "session that is no id": lambda: token(sid="mine"),
    "session that is a number": lambda: token(sid=7),
    "of another issuer": lambda: token(iss="somebody"),
    "for another audience": lambda: token(aud="somebody"),
    "of an unknown key": lambda: token("two"),
    "signed by another key": lambda: jwt.encode(
        claims(), key("two"), algorithm="RS256", headers={"kid": "one"}
    ),
    "unsigned": lambda: jwt.encode(claims(), "", algorithm="none", headers={"kid": "one"}),
    "signed with the public key as a password": lambda: jwt.encode(
        claims(), jwk("one")["n"], algorithm="HS256", headers={"kid": "one"}
    ),
    "of no key": lambda: jwt.encode(claims(), key("one"), algorithm="RS256"),
    "changed": lambda: token()[:-8] + "AAAAAAAA",
}


@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_token_is_refused(verifier: TokenVerifier, bad: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(BAD[bad]())


async def test_a_token_that_was_remembered_still_ends(verifier: TokenVerifier, clock: Clock) -> None:
    mine = token()
    await verifier.verify(mine)
    clock.stand_at(NOON + timedelta(seconds=599))
    await verifier.verify(mine)
    clock.stand_at(NOON + timedelta(seconds=600))
    with pytest.raises(Unauthenticated):
        await verifier.verify(mine)


async def test_keys_are_fetched_once_and_again_for_a_new_one(
    verifier: TokenVerifier, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await verifier.verify(token(iat=number))
    assert issuer.asked == 1
    issuer.kids.append("two")
    monkeypatch.setattr(auth, "SECONDS_BETWEEN_KEY_FETCHES", 0)
    await verifier.verify(token("two"))
    assert issuer.asked == 2


async def test_made_up_keys_do_not_make_us_ask_without_end(verifier: TokenVerifier, issuer: Issuer) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await verifier.verify(token("two"))
    assert issuer.asked == 1


async def test_who_comes_while_the_keys_are_on_their_way_waits(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    issuer.may_answer.clear()
    calls = [asyncio.create_task(verifier.verify(token(iat=number))) for number in range(5)]
    for _ in range(5):
        await asyncio.sleep(0)
    issuer.may_answer.set()
    assert {who.account_id for who in await asyncio.gather(*calls)} == {ME}
    assert issuer.asked == 1


async def test_without_keys_no_token_is_called_bad(verifier: TokenVerifier, issuer: Issuer) -> None:
    issuer.away = True
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            await verifier.verify(token())
    issuer.away = False
    await verifier.verify(token())


async def test_routes_let_in_whom_they_say(verifier: TokenVerifier) -> None:
    app = create_app("Test", "For tests.", table={})
    app.state.verifier = verifier

    @app.get("/anyone")
    async def anyone(who: Who) -> str:
        return str(who.account_id)

    @app.get("/admin")
    async def admin(who: Admin) -> str:
        return "ok"

    @app.get("/service")
    async def service(who: Annotated[Principal, Depends(service_call("payments"))]) -> str:
        return "ok"

    seen: dict[tuple[str, str], int] = {}
    bearers = {
        "nobody": "",
        "patient": token(),
        "admin": token(roles=["admin"]),
        "service": token(roles=["service"], service="payments"),
        "another service": token(roles=["service"], service="gateway"),
        "an unnamed service": token(roles=["service"]),
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        for name, bearer in bearers.items():
            for path in ("/anyone", "/admin", "/service"):
                headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
                seen[name, path] = (await http.get(path, headers=headers)).status_code
    assert [seen["nobody", path] for path in ("/anyone", "/admin", "/service")] == [401, 401, 401]
    assert [seen["patient", path] for path in ("/anyone", "/admin", "/service")] == [200, 403, 403]
    assert [seen["admin", path] for path in ("/anyone", "/admin", "/service")] == [200, 200, 403]
    assert [seen["service", path] for path in ("/anyone", "/admin", "/service")] == [200, 403, 200]
    assert seen["another service", "/service"] == seen["an unnamed service", "/service"] == 403
