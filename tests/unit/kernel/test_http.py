"""Every error is a problem details document with a correlation id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field
from structlog.testing import capture_logs

from niyat.kernel.correlation import correlation_id
from niyat.kernel.errors import NiyatError, TooManyRequests, Unauthenticated
from niyat.kernel.http import ErrorTable, create_app, problems
from niyat.kernel.problem import PROBLEM_TYPE


class SlotTaken(NiyatError):
    """Somebody else has this time."""


class SlotTakenTwice(SlotTaken):
    """Somebody else has this time, twice."""


class Unmapped(NiyatError):
    """Nobody gave this a status."""


class Body(BaseModel):
    minutes: Annotated[int, Field(ge=5)]


TABLE: ErrorTable = {SlotTaken: 409}
RAISED: dict[str, Exception] = {
    "taken": SlotTaken(slot_id=7),
    "derived": SlotTakenTwice(),
    "awkward": SlotTaken(status=1, title="t", code="c", detail_="d"),
    "unmapped": Unmapped("a secret of ours"),
    "crash": ZeroDivisionError("a secret of ours"),
    "busy": TooManyRequests(retry_after_seconds=30),
    "unauthenticated": Unauthenticated(),
    "teapot": HTTPException(418, "a detail of the framework"),
}


def _app() -> FastAPI:
    app = create_app("Test", "For tests.", table=TABLE)

    @app.post("/bodies")
    async def bodies(body: Body, page: Annotated[int, Query(ge=1)] = 1) -> Body:
        return body

    @app.get("/raise/{what}", responses=problems(TABLE, SlotTaken, TooManyRequests, Unauthenticated))
    async def fail(what: str) -> None:
        raise RAISED[what]

    @app.get("/feeds/{token}.ics")
    async def feed(token: str) -> None:
        raise ZeroDivisionError

    @app.get("/flow")
    async def flow() -> str:
        return correlation_id.get()

    return app


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def _problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == PROBLEM_TYPE
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert body["correlation_id"] == answer.headers["x-correlation-id"]
    return body


async def test_an_error_becomes_its_status_with_its_facts(http: httpx.AsyncClient) -> None:
    assert _problem(await http.get("/raise/taken"), 409, "slot-taken")["slot_id"] == 7
    _problem(await http.get("/raise/derived"), 409, "slot-taken-twice")


async def test_facts_cannot_overwrite_what_a_problem_is(http: httpx.AsyncClient) -> None:
    plain = _problem(await http.get("/raise/taken"), 409, "slot-taken")
    awkward = _problem(await http.get("/raise/awkward"), 409, "slot-taken")
    assert (awkward["title"], awkward["detail"]) == (plain["title"], plain["detail"])


async def test_an_error_without_a_status_and_a_crash_tell_nothing(http: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        unmapped, crash = await http.get("/raise/unmapped"), await http.get("/raise/crash")
    _problem(unmapped, 500, "internal-error")
    _problem(crash, 500, "internal-error")
    assert "secret" not in unmapped.text + crash.text
    assert [line["log_level"] for line in lines] == ["error", "error"]


async def test_too_many_requests_says_when_to_come_back(http: httpx.AsyncClient) -> None:
    answer = await http.get("/raise/busy")
    assert _problem(answer, 429, "too-many-requests")["retry_after_seconds"] == 30
    assert answer.headers["retry-after"] == "30"


async def test_a_crash_logs_the_path_but_no_password_in_it(http: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await http.get("/feeds/a-private-address.ics")
    assert [entry["path"] for entry in logs] == ["/feeds/***.ics"]
    assert "a-private-address" not in str(logs)


async def test_who_is_not_signed_in_is_told_how(http: httpx.AsyncClient) -> None:
    answer = await http.get("/raise/unauthenticated")
    _problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_what_the_framework_refuses_is_a_problem_too(http: httpx.AsyncClient) -> None:
    _problem(await http.get("/nowhere"), 404, "not-found")
    answer = await http.delete("/bodies")
    _problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    assert "framework" not in (await http.get("/raise/teapot")).text


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"minutes": 1}', "minutes"),
        (b'{"minutes": null}', "minutes"),
        (b"{}", "minutes"),
        (b"", "body"),
        (b"[]", "body"),
        (b"{", "body"),
        (b'{"minutes": 1}}', "body"),
    ],
)
async def test_bad_input_names_its_field(http: httpx.AsyncClient, content: bytes, field: str) -> None:
    answer = await http.post("/bodies", content=content, headers={"content-type": "application/json"})
    body = _problem(answer, 422, "invalid-request")
    assert [e["field"] for e in body["errors"]] == [field]
    assert body["errors"][0]["message"]


async def test_a_wrong_parameter_is_named_too(http: httpx.AsyncClient) -> None:
    body = _problem(await http.post("/bodies?page=0", json={"minutes": 5}), 422, "invalid-request")
    assert [e["field"] for e in body["errors"]] == ["page"]


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000])
async def test_what_cannot_even_be_read_is_no_crash(http: httpx.AsyncClient, content: bytes) -> None:
    answer = await http.post("/bodies", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == PROBLEM_TYPE


async def test_a_callers_correlation_id_is_taken_on_if_it_is_harmless(http: httpx.AsyncClient) -> None:
    given = await http.get("/flow", headers={"x-correlation-id": "their-flow-1"})
    assert given.json() == given.headers["x-correlation-id"] == "their-flow-1"
    forged = await http.get("/flow", headers={"x-correlation-id": "a b"})
    assert forged.json() == forged.headers["x-correlation-id"] != "a b"
    fresh = {(await http.get("/flow")).json() for _ in range(2)}
    assert len(fresh) == 2


async def test_the_description_names_each_problem(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()
    responses = described["paths"]["/raise/{what}"]["get"]["responses"]
    assert "slot-taken" in responses["409"]["description"]
    assert "too-many-requests" in responses["429"]["description"]
    reference = responses["409"]["content"][PROBLEM_TYPE]["schema"]["$ref"]
    assert reference.removeprefix("#/components/schemas/") in described["components"]["schemas"]
