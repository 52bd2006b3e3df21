"""Who sees what, and what staff can do about what failed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.support.notifications import World, service_over
from tests.support.notifications_visits import Visit, confirmed, paid
from tests.support.tokens import Signer

SIGNER = Signer()
ADMIN = SIGNER.bearer("admin")
JSON = {"content-type": "application/json"}
LOG = "/api/v1/notifications"


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with service_over(world, SIGNER) as (_, http):
        yield http


async def failed(world: World) -> tuple[Visit, str]:
    """A visit whose receipt was refused for good, and the notification's id."""
    visit = await world.visit(phone=None)
    await world.sandbox.add_mail_fault("5xx", to=visit.email)
    await world.events(paid(visit))
    await world.deliver()
    (row,) = await world.queue(visit)
    assert row["status"] == "failed"
    return visit, str(row["id"])


async def test_people_see_their_own_and_nobody_elses(world: World, api: httpx.AsyncClient) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    await world.deliver()
    path = f"{LOG}/user/{visit.patient_id}"
    own = SIGNER.bearer("patient", account_id=visit.patient_id)
    told = (await api.get(path, headers=own)).json()
    assert sorted(item["status"] for item in told["items"]) == ["queued", "queued", "queued", "sent"]
    assert "last_error" not in told["items"][0]
    assert (await api.get(path, headers=ADMIN)).json() == told
    for role in ("patient", "doctor"):
        refusal = await api.get(path, headers=SIGNER.bearer(role))
        assert (refusal.status_code, refusal.json()["code"]) == (404, "notification-not-found")
    assert (await api.get(path)).status_code == 401


async def test_pages_follow_one_another_without_gap_or_repetition(
    world: World, api: httpx.AsyncClient
) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit), paid(visit))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(f"{LOG}/user/{visit.patient_id}", params=query, headers=ADMIN)).json()
        seen += [item["notification_id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 5


async def test_the_log_is_for_admins_and_can_be_filtered(world: World, api: httpx.AsyncClient) -> None:
    visit, notification_id = await failed(world)
    other = await world.visit()
    await world.events(confirmed(other))
    (item,) = (await api.get(LOG, params={"status": "failed"}, headers=ADMIN)).json()["items"]
    assert (item["notification_id"], item["last_error"]) == (notification_id, "smtp-550")
    for query, count in (
        ({"appointment_id": str(other.appointment_id)}, 4),
        ({"account_id": str(visit.patient_id)}, 1),
        ({"type": "APPOINTMENT_REMINDER"}, 3),
        ({"channel": "SMS"}, 0),
        ({"channel": "EMAIL"}, 5),
        ({"to": (other.starts_at - timedelta(hours=2)).isoformat()}, 3),
        ({"from": (other.starts_at - timedelta(hours=2)).isoformat()}, 2),
    ):
        assert len((await api.get(LOG, params=query, headers=ADMIN)).json()["items"]) == count
    assert (await api.get(LOG, headers=SIGNER.bearer("doctor"))).status_code == 403
    assert (await api.get(LOG)).status_code == 401
    assert (await api.get(LOG, params={"status": "lost"}, headers=ADMIN)).status_code == 422


async def test_one_notification_shows_its_attempts_with_masked_addresses(
    world: World, api: httpx.AsyncClient
) -> None:
    visit, notification_id = await failed(world)
    answer = await api.get(f"{LOG}/{notification_id}", headers=ADMIN)
    (attempt,) = answer.json()["attempts"]
    assert (attempt["status"], attempt["error_code"]) == ("failed", "smtp-550")
    assert visit.email not in answer.text
    assert (await api.get(f"{LOG}/{uuid4()}", headers=ADMIN)).json()["code"] == "notification-not-found"


async def test_staff_send_what_failed_again_and_say_why(world: World, api: httpx.AsyncClient) -> None:
    visit, notification_id = await failed(world)
    path = f"{LOG}/{notification_id}/replay"
    body = {"reason": "the mailbox is back"}
    key = {"idempotency-key": "k1"}
    assert (await api.post(path, json=body, headers=SIGNER.bearer("patient"))).status_code == 403
    assert (await api.post(path, json={}, headers=ADMIN)).status_code == 422
    first = await api.post(path, json=body, headers=ADMIN | key)
    assert (first.status_code, first.json()["status"]) == (202, "queued")
    assert (await api.post(path, json=body, headers=ADMIN | key)).json() == first.json()
    (gone,) = (await api.get(f"{LOG}/suppressed-addresses", headers=ADMIN)).json()["items"]
    lifted = await api.post(
        f"{LOG}/suppressed-addresses/{gone['suppression_id']}/lift", json=body, headers=ADMIN
    )
    assert lifted.is_success
    await world.deliver()
    assert len(await world.subjects(visit)) == 1
    again = await api.post(path, json=body, headers=ADMIN)
    assert (again.status_code, again.json()["code"]) == (409, "notification-not-failed")
    assert (await api.post(f"{LOG}/{uuid4()}/replay", json=body, headers=ADMIN)).status_code == 404
    replayed = (await api.get(f"{LOG}/{notification_id}", headers=ADMIN)).json()["attempts"][1]
    assert (replayed["reason"], replayed["actor_id"] is None) == ("the mailbox is back", False)


async def test_the_dead_letter_is_counted_by_cause_and_one_cause_is_replayed(
    world: World, api: httpx.AsyncClient
) -> None:
    refused, _ = await failed(world)
    nowhere = [await world.visit(email=None, phone=None) for _ in range(2)]
    await world.events(*map(paid, nowhere))
    await world.deliver()
    counted = (await api.get(f"{LOG}/failures", headers=ADMIN)).json()["items"]
    assert {(item["error_code"], item["count"]) for item in counted} == {("smtp-550", 1), ("no-address", 2)}
    for visit in nowhere:
        account = world.accounts.known[visit.patient_id]
        world.accounts.known[visit.patient_id] = account.model_copy(update={"email": visit.email})
    body = {
        "type": "PAYMENT_RECEIPT",
        "channel": "EMAIL",
        "error_code": "no-address",
        "reason": "asked for them",
    }
    path, key = f"{LOG}/failures/replay", {"idempotency-key": "once"}
    for _ in range(2):
        answer = await api.post(path, json=body, headers=ADMIN | key)
        assert (answer.status_code, answer.json()) == (202, {"count": 2})
    assert (await api.post(path, json=body, headers=SIGNER.bearer("doctor"))).status_code == 403
    assert (await api.get(f"{LOG}/failures", headers=SIGNER.bearer("patient"))).status_code == 403
    await world.deliver()
    for visit in nowhere:
        assert len(await world.subjects(visit)) == 1
    assert await world.states(refused) == {"PAYMENT_RECEIPT": ["failed"]}


async def test_staff_tell_a_patient_again_and_it_is_checked_too(world: World, api: httpx.AsyncClient) -> None:
    visit, gone = await world.visit(), await world.visit()
    world.appointments.change(gone.appointment_id, status="cancelled")
    for each in (visit, gone):
        body = {
            "type": "APPOINTMENT_CONFIRMED",
            "account_id": str(each.patient_id),
            "appointment_id": str(each.appointment_id),
            "reason": "asked for it on the phone",
        }
        headers = ADMIN | {"idempotency-key": str(each.appointment_id)}
        answers = [await api.post(f"{LOG}/send", json=body, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json() == answers[1].json()
    await world.deliver()
    assert len(await world.subjects(visit)) == 1
    assert await world.states(gone) == {"APPOINTMENT_CONFIRMED": ["suppressed"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "SIGN_IN_CODE"},
        {"channel": "PUSH"},
        {"account_id": "x"},
        {"reason": ""},
        {"reason": "a\x00b"},
        {"reason": "abc\ud800"},
    ],
)
async def test_staff_can_send_only_what_exists(api: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    body = {
        "type": "APPOINTMENT_REMINDER",
        "account_id": str(uuid4()),
        "appointment_id": str(uuid4()),
        "reason": "asked for it",
    }
    answer = await api.post(f"{LOG}/send", content=json.dumps(body | wrong), headers=ADMIN | JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == next(iter(wrong))
