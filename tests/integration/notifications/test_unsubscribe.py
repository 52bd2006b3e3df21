"""The link in a mail turns off what it names, for whoever holds it, and nothing else."""

from __future__ import annotations

from uuid import uuid4

import httpx

from niyat.notifications.domain import NotificationType
from tests.support.notifications import World, service_over
from tests.support.tokens import Signer

PATH = "/api/v1/notifications/unsubscribe"
REMINDER = NotificationType.APPOINTMENT_REMINDER
ON = {"type": "APPOINTMENT_REMINDER", "channel": "EMAIL", "enabled": True}
OFF = ON | {"enabled": False}


async def test_looking_changes_nothing_and_a_post_turns_it_off_once(
    world: World, api: httpx.AsyncClient
) -> None:
    account_id = uuid4()
    path = f"{PATH}/{world.parts.unsubscribe_links.token(account_id, REMINDER)}"
    for _ in range(2):
        assert (await api.get(path)).json() == ON
    for body in (None, {"way": "unsubscribe-page", "consent_text_version": "2026-11-22"}):
        answer = await api.post(path, json=body)
        assert (answer.status_code, answer.json()) == (200, OFF)
    assert (await api.get(path)).json() == OFF
    rows = await world.db.fetch("SELECT type, channel, enabled, way FROM notification_consents")
    assert [tuple(row) for row in rows] == [("APPOINTMENT_REMINDER", "EMAIL", False, "one-click")]
    other = world.parts.unsubscribe_links.token(uuid4(), REMINDER)
    assert (await api.get(f"{PATH}/{other}")).json() == ON


async def test_a_link_that_we_did_not_make_does_nothing(world: World, api: httpx.AsyncClient) -> None:
    token = world.parts.unsubscribe_links.token(uuid4(), REMINDER)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (changed, token[:20], "x", "a" * 60, "%E0%A4%85", "...."):
        for answer in (await api.get(f"{PATH}/{wrong}"), await api.post(f"{PATH}/{wrong}")):
            assert (answer.status_code, answer.json()["code"]) == (404, "unsubscribe-link-not-found")
    assert (await api.post(f"{PATH}/{'a' * 201}")).status_code == 422
    assert await world.db.fetchval("SELECT count(*) FROM notification_consents") == 0


async def test_a_link_works_on_after_the_key_of_the_codes_was_changed(world: World) -> None:
    path = f"{PATH}/{world.parts.unsubscribe_links.token(uuid4(), REMINDER)}"
    async with service_over(world, Signer(), codes_key="a new key for codes, of enough characters") as (
        _,
        http,
    ):
        assert (await http.get(path)).json() == ON
