"""A clinic words its messages itself: a draft is tried before it goes into force, and never breaks what is in force."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from niyat.notifications.commands.templates import seed_templates
from tests.support.notifications import World, service_over
from tests.support.notifications_visits import paid
from tests.support.tokens import Signer

SIGNER = Signer()
ADMIN = SIGNER.bearer("admin")
TEMPLATES = "/api/v1/notifications/templates"
RECEIPT = f"{TEMPLATES}/PAYMENT_RECEIPT/EMAIL/en"
SMS = f"{TEMPLATES}/APPOINTMENT_REMINDER/SMS/en"
OURS = {
    "subject": "Paid: {{ amount }}",
    "text": "Thanks for {{ amount }}.",
    "html": "<p>Thanks for {{ amount }}.</p>",
}


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with service_over(world, SIGNER) as (_, http):
        http.headers.update(ADMIN)
        yield http


async def drafted(api: httpx.AsyncClient, wording: dict[str, str], where: str = RECEIPT) -> int:
    answer = await api.post(f"{where}/drafts", json=wording)
    assert answer.status_code == 201, answer.text
    assert answer.json()["live"] is False
    return int(answer.json()["version"])


async def published(
    api: httpx.AsyncClient, version: int, replaces: int | None, where: str = RECEIPT
) -> httpx.Response:
    body = {"replaces": replaces, "reason": "Our own words"}
    return await api.post(f"{where}/versions/{version}/publish", json=body)


async def test_a_draft_is_looked_at_published_sent_and_taken_back(
    world: World, api: httpx.AsyncClient
) -> None:
    version = await drafted(api, OURS)
    shown = (await api.get(f"{RECEIPT}/versions/{version}/preview")).json()["items"]
    assert [each["subject"] for each in shown] == ["Paid: ₹500.00"] * len(shown)
    assert all("Thanks for ₹500.00." in each["html"] for each in shown)

    first = await world.visit()
    await world.events(paid(first))
    await world.deliver()
    assert (await world.only_mail(first))["subject"].startswith("Received")  # a draft is nobody's mail

    assert (await published(api, version, 1)).json()["live"] is True
    await world.db.run(seed_templates)  # a start later it is still in force
    second = await world.visit()
    await world.events(paid(second))
    await world.deliver()
    assert (await world.only_mail(second))["subject"] == "Paid: ₹500.00"

    assert (await published(api, 1, version)).status_code == 200
    versions = (await api.get(RECEIPT)).json()["items"]
    assert [(each["version"], each["live"]) for each in versions] == [(2, False), (1, True)]
    done = await world.db.fetch("SELECT action, subject, reason FROM audit_log ORDER BY id")
    assert [tuple(row) for row in done] == [
        ("publish-template", "PAYMENT_RECEIPT/EMAIL/en/2", "Our own words"),
        ("publish-template", "PAYMENT_RECEIPT/EMAIL/en/1", "Our own words"),
    ]


async def test_a_variable_that_the_type_lacks_is_refused_and_named(api: httpx.AsyncClient) -> None:
    answer = await api.post(f"{RECEIPT}/drafts", json=OURS | {"text": "About {{ diagnosis }}"})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "undeclared-variable"
    assert "diagnosis is no variable of PAYMENT_RECEIPT" in problem["detail"]
    assert problem["variables"] == ["diagnosis"]
    assert len((await api.get(RECEIPT)).json()["items"]) == 1


async def test_a_draft_that_fails_with_a_sample_cannot_go_into_force(api: httpx.AsyncClient) -> None:
    version = await drafted(api, OURS | {"text": "{{ amount[99] }}"})
    answer = await published(api, version, 1)
    assert (answer.status_code, answer.json()["code"]) == (422, "wording-refused")
    assert (await api.get(f"{RECEIPT}/versions/{version}/preview")).status_code == 422
    in_force = (await api.get(TEMPLATES, params={"type": "PAYMENT_RECEIPT", "language": "en"})).json()[
        "items"
    ]
    assert {each["channel"]: each["in_force"] for each in in_force} == {"EMAIL": 1, "SMS": 1, "PUSH": 1}


async def test_a_text_message_shows_its_segments_and_one_too_long_is_refused(api: httpx.AsyncClient) -> None:
    shown = (await api.post(f"{SMS}/preview", json={"text": "See you: {{ when }}"})).json()["items"]
    assert shown[0]["size"] == {"encoding": "GSM-7", "units": len(shown[0]["text"]), "segments": 1}
    version = await drafted(api, {"text": "{{ when }} " + "x" * 1200}, SMS)
    answer = await published(api, version, 1, SMS)
    assert answer.status_code == 422
    assert answer.json()["segments"] == 9


async def test_of_two_who_publish_at_once_the_second_is_told_to_look_again(
    world: World, api: httpx.AsyncClient
) -> None:
    mine, theirs = await drafted(api, OURS), await drafted(api, OURS | {"subject": "Another"})
    answers = await asyncio.gather(published(api, mine, 1), published(api, theirs, 1))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    live = "SELECT count(*) FROM notification_templates WHERE type = 'PAYMENT_RECEIPT' AND channel = 'EMAIL' AND live"
    assert await world.db.fetchval(f"{live} AND language = 'en'") == 1
    again = (
        await published(api, mine, 1) if answers[0].status_code == 200 else await published(api, theirs, 1)
    )
    assert again.status_code == 200  # a double click changes nothing
    assert await world.db.fetchval("SELECT count(*) FROM audit_log") == 1


async def test_a_retry_of_a_draft_makes_one_version(api: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "a-key-of-mine"}
    first, second = [(await api.post(f"{RECEIPT}/drafts", json=OURS, headers=key)).json() for _ in range(2)]
    assert first == second
    assert len((await api.get(RECEIPT)).json()["items"]) == 2


async def test_a_language_of_ones_own_can_be_added(world: World, api: httpx.AsyncClient) -> None:
    where = f"{TEMPLATES}/PAYMENT_RECEIPT/EMAIL/mr"
    version = await drafted(api, OURS | {"subject": "मिळाले: {{ amount }}"}, where)
    assert (await published(api, version, None, where)).status_code == 200
    visit = await world.visit(language="mr")
    await world.events(paid(visit))
    await world.deliver()
    assert (await world.only_mail(visit))["subject"] == "मिळाले: ₹500.00"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", TEMPLATES, None),
        ("GET", RECEIPT, None),
        ("POST", f"{RECEIPT}/drafts", OURS),
        ("POST", f"{RECEIPT}/preview", OURS),
        ("GET", f"{RECEIPT}/versions/1/preview", None),
        ("POST", f"{RECEIPT}/versions/1/publish", {"replaces": 1, "reason": "why not"}),
    ],
)
async def test_wording_is_for_administrators(
    api: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    for role in ("patient", "doctor"):
        assert (await api.request(method, path, json=body, headers=SIGNER.bearer(role))).status_code == 403
    api.headers.pop("authorization")
    assert (await api.request(method, path, json=body)).status_code == 401


async def test_what_is_not_there_is_not_found_and_publishing_needs_a_reason(api: httpx.AsyncClient) -> None:
    assert (await api.get(f"{RECEIPT}/versions/99/preview")).status_code == 404
    assert (await published(api, 99, 1)).status_code == 404
    assert (await api.get(f"{TEMPLATES}/NO_SUCH/EMAIL/en")).status_code == 422
    assert (await api.post(f"{RECEIPT}/versions/1/publish", json={"replaces": 1})).status_code == 422


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET reason = 'x'", "DELETE FROM audit_log"])
async def test_what_administrators_did_cannot_be_unwritten(world: World, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.db.execute(statement)
