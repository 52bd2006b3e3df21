"""Codes leave through the notifications service, as the contract between the two says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from niyat.identity.adapters.notifications_client import NotificationsCodeSender
from niyat.identity.domain import Address, service_account_id
from niyat.identity.errors import CodeNotSent
from niyat.identity.hashing import Keyed
from niyat.identity.keys import SigningKeys
from niyat.identity.ports import OneTimeCode
from niyat.identity.tokens import Tokens
from niyat.kernel.client import Loopback, ServiceClient
from niyat.kernel.errors import ServiceUnavailable
from tests.integration.identity.world import PHONE, SECRET, Json, World

ID = UUID("0198c0de-0000-7000-8000-000000000001")
CODE = OneTimeCode(ID, Address("SMS", PHONE), "123456", datetime(2090, 1, 15, 9, 10, tzinfo=UTC), "hi")


class Notifications:
    """The other side of the contract: verifies the caller, keeps what it was told, answers as it is bidden."""

    def __init__(self, world: World, status: int = 202) -> None:
        self.told: list[Json] = []
        self.callers: list[UUID] = []
        app, verifier = FastAPI(), world.verifier()

        @app.post("/internal/codes")
        async def codes(request: Request) -> JSONResponse:
            who = await verifier.verify(request.headers["authorization"].removeprefix("Bearer "))
            self.callers.append(who.account_id)
            self.told.append(await request.json())
            return JSONResponse({"code": "refused"}, status)

        self.client = ServiceClient("notifications", base_url="http://notifications", transport=Loopback(app))


@pytest.fixture
def sender(world: World) -> Callable[[ServiceClient], NotificationsCodeSender]:
    tokens = Tokens(SigningKeys(world.db, Keyed(SECRET), world.clock), "niyat", world.clock)
    return lambda client: NotificationsCodeSender(client, tokens.service_token)


Sender = Callable[[ServiceClient], NotificationsCodeSender]


async def test_a_code_is_handed_over_with_identitys_own_token(world: World, sender: Sender) -> None:
    notifications = Notifications(world)
    await sender(notifications.client).send(CODE)
    assert notifications.callers == [service_account_id("identity")]
    assert notifications.told == [
        {
            "challenge_id": str(ID),
            "channel": "SMS",
            "address": PHONE,
            "code": "123456",
            "expires_at": "2090-01-15T09:10:00+00:00",
            "language": "hi",
        }
    ]


async def test_identitys_own_token_is_renewed_in_time(world: World, sender: Sender) -> None:
    notifications = Notifications(world)
    send = sender(notifications.client).send
    for _ in range(4):
        await send(CODE)
        await world.later(minutes=4)
    assert len(notifications.callers) == 4


@pytest.mark.parametrize(
    ("status", "error"),
    [(422, CodeNotSent), (403, CodeNotSent), (500, ServiceUnavailable), (503, ServiceUnavailable)],
)
async def test_a_refusal_is_told_from_an_unknown_outcome(
    world: World, sender: Sender, status: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await sender(Notifications(world, status).client).send(CODE)


async def test_a_service_that_is_away_is_unavailable(sender: Sender) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens", request=request)

    client = ServiceClient("notifications", base_url="http://n", transport=httpx.MockTransport(away))
    with pytest.raises(ServiceUnavailable):
        await sender(client).send(CODE)
