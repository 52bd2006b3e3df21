"""Calls between services: the callee lives on when the caller gives up, and shares nothing with it."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from niyat.kernel.client import Loopback, Refused, ServiceClient
from niyat.kernel.correlation import bound
from niyat.kernel.errors import ServiceUnavailable

secret: ContextVar[str] = ContextVar("secret", default="nothing")


class Callee:
    """A service whose slow route ends when a test says so."""

    def __init__(self) -> None:
        self.entered, self.may_end, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        routes = ("echo", "slow", "crash", "refuse", "no_json", "redirect", "empty", "fail")
        self.app = Starlette(
            routes=[Route(f"/{name}", getattr(self, name), methods=["GET", "POST"]) for name in routes]
        )

    async def echo(self, request: Request) -> Response:
        secret.set("the callee's")
        body = await request.body()
        return JSONResponse(
            {"headers": dict(request.headers), "body": body.decode(), "context": secret.get()}
        )

    async def slow(self, _: Request) -> Response:
        self.entered.set()
        await self.may_end.wait()
        self.ended.set()
        return JSONResponse({})

    async def crash(self, _: Request) -> Response:
        raise RuntimeError("a bug in the callee")

    async def refuse(self, _: Request) -> Response:
        return JSONResponse({"code": "slot-taken", "detail": "It is taken."}, 409)

    async def no_json(self, _: Request) -> Response:
        return PlainTextResponse("<html>")

    async def redirect(self, _: Request) -> Response:
        return RedirectResponse("/echo")

    async def empty(self, _: Request) -> Response:
        return Response(status_code=204)

    async def fail(self, _: Request) -> Response:
        return JSONResponse({"detail": "secret detail"}, 503, {"retry-after": "7"})


@pytest.fixture
def callee() -> Callee:
    return Callee()


@pytest.fixture
def client(callee: Callee) -> ServiceClient:
    async def token() -> str:
        return "our-own"

    return ServiceClient("callee", base_url="http://callee", token=token, transport=Loopback(callee.app))


async def test_a_call_carries_token_key_and_correlation(client: ServiceClient) -> None:
    with bound("the-flow"):
        answer = await client.call("POST", "/echo", json={"a": 1}, idempotency_key="once")
    assert answer["body"] == '{"a":1}'
    assert answer["headers"]["authorization"] == "Bearer our-own"
    assert answer["headers"]["idempotency-key"] == "once"
    assert answer["headers"]["x-correlation-id"] == "the-flow"


async def test_a_users_bearer_goes_instead_of_our_own(client: ServiceClient) -> None:
    assert (await client.call("GET", "/echo", bearer="theirs"))["headers"]["authorization"] == "Bearer theirs"


async def test_context_leaks_neither_in_nor_out(callee: Callee) -> None:
    token = secret.set("the caller's")
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(secret.get())
        await callee.app(scope, receive, send)

    client = ServiceClient("callee", base_url="http://callee", transport=Loopback(app))
    assert (await client.call("GET", "/echo"))["context"] == "the callee's"
    assert (seen, secret.get()) == (["nothing"], "the caller's")
    secret.reset(token)


async def test_a_callee_that_does_not_answer_in_time_is_unknown_and_lives_on(
    callee: Callee, client: ServiceClient
) -> None:
    with pytest.raises(ServiceUnavailable, match="callee"):
        await client.call("GET", "/slow", timeout_seconds=0.02)
    assert callee.entered.is_set()
    callee.may_end.set()
    await asyncio.wait_for(callee.ended.wait(), 20)


async def test_a_cancelled_caller_does_not_cancel_the_callee(callee: Callee, client: ServiceClient) -> None:
    call = asyncio.create_task(client.call("GET", "/slow"))
    await asyncio.wait_for(callee.entered.wait(), 20)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    callee.may_end.set()
    await asyncio.wait_for(callee.ended.wait(), 20)


@pytest.mark.parametrize("path", ["/crash", "/fail", "/no_json", "/redirect", "/nowhere"])
async def test_what_is_no_clear_answer_is_unknown(client: ServiceClient, path: str) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        await client.call("GET", path)
    assert "secret" not in str(caught.value)


async def test_how_long_to_wait_is_passed_on(client: ServiceClient) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        await client.call("GET", "/fail")
    assert caught.value.extra == {"retry_after_seconds": 7}


async def test_a_refusal_says_what_the_other_service_said(client: ServiceClient) -> None:
    with pytest.raises(Refused) as caught:
        await client.call("GET", "/refuse")
    refused = caught.value
    assert (refused.status, refused.code, refused.detail) == (409, "slot-taken", "It is taken.")


async def test_an_empty_answer_is_none(client: ServiceClient) -> None:
    assert await client.call("GET", "/empty") is None


async def test_a_service_that_is_not_there_is_unknown() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens", request=request)

    client = ServiceClient("callee", base_url="http://callee", transport=httpx.MockTransport(refuse))
    with pytest.raises(ServiceUnavailable):
        await client.call("GET", "/echo")
    await client.close()
