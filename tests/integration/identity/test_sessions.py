"""Sessions: refreshing, two tabs, theft, signing out."""

from __future__ import annotations

import asyncio

import jwt

from niyat.identity.commands.prune import prune
from niyat.identity.hashing import Keyed
from tests.integration.identity.world import EMAIL, PHONE, SECRET, World, bearer


async def test_refreshing_gives_the_next_pair_and_goes_on_for_months(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    token = session["refresh_token"]
    for _ in range(4):
        await world.later(days=29)
        answer = await world.refresh(token)
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] != token
        token = answer.json()["refresh_token"]
        assert (await world.get("/api/v1/accounts/me", answer.json())).status_code == 200


async def test_two_tabs_that_refresh_at_once_get_the_same_successor(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    tabs = await asyncio.gather(*(world.refresh(session["refresh_token"]) for _ in range(6)))
    assert {tab.status_code for tab in tabs} == {200}
    assert len({tab.json()["refresh_token"] for tab in tabs}) == 1


async def test_within_the_grace_an_old_token_leads_to_the_newest(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    second = (await world.refresh(session["refresh_token"])).json()["refresh_token"]
    third = (await world.refresh(second)).json()["refresh_token"]
    await world.later(seconds=29)
    assert (await world.refresh(session["refresh_token"])).json()["refresh_token"] == third


async def test_an_old_token_after_the_grace_ends_the_whole_session(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    newest = (await world.refresh(session["refresh_token"])).json()
    await world.later(seconds=30)
    stolen = await world.refresh(session["refresh_token"])
    assert (stolen.status_code, stolen.json()["code"]) == (401, "session-over")
    assert (await world.refresh(newest["refresh_token"])).status_code == 401
    assert (await world.get("/api/v1/accounts/me", newest)).status_code == 401
    assert await world.db.fetchval("SELECT end_reason FROM sessions") == "token-reused"


async def test_theft_in_one_session_leaves_the_others(world: World) -> None:
    robbed = await world.sign_in(phone=PHONE)
    await world.later(minutes=1)
    other = await world.sign_in(phone=PHONE)
    await world.refresh(robbed["refresh_token"])
    await world.later(minutes=1)
    await world.refresh(robbed["refresh_token"])
    assert (await world.refresh(other["refresh_token"])).status_code == 200


async def test_a_refresh_token_lasts_thirty_days(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    await world.later(days=30)
    assert (await world.refresh(session["refresh_token"])).status_code == 401
    await world.db.run(prune)
    assert await world.db.fetchval("SELECT end_reason FROM sessions") == "expired"


async def test_a_made_up_token_is_refused(world: World) -> None:
    assert (await world.refresh("x" * 43)).json()["code"] == "session-over"


async def test_a_successor_cannot_be_computed_without_the_secret(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    answer = await world.refresh(session["refresh_token"])
    assert answer.json()["refresh_token"] == Keyed(SECRET).successor(session["refresh_token"])
    stored = await world.db.fetch("SELECT hash::text FROM refresh_tokens")
    assert all(session["refresh_token"] not in row["hash"] for row in stored)


async def test_signing_out_ends_the_session_at_once(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    for _ in range(2):
        assert (await world.http.post("/api/v1/auth/sign-out", headers=bearer(session))).status_code == 204
    assert (await world.refresh(session["refresh_token"])).status_code == 401
    assert (await world.get("/api/v1/auth/sessions", session)).status_code == 401


async def test_one_sees_ones_sessions_and_can_end_another(world: World) -> None:
    firefox = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    world.http.headers.update(firefox)
    old = await world.sign_in(phone=PHONE)
    await world.later(minutes=1)
    new = await world.sign_in(phone=PHONE)
    listed = (await world.get("/api/v1/auth/sessions", new)).json()["items"]
    assert [(s["current"], s["user_agent"]) for s in listed] == [
        (True, "Firefox on Linux"),
        (False, "Firefox on Linux"),
    ]
    ended = await world.http.delete(f"/api/v1/auth/sessions/{listed[1]['session_id']}", headers=bearer(new))
    assert ended.status_code == 204
    assert (await world.refresh(old["refresh_token"])).status_code == 401
    assert len((await world.get("/api/v1/auth/sessions", new)).json()["items"]) == 1


async def test_another_persons_session_is_not_there(world: World) -> None:
    mine, theirs = await world.sign_in(phone=PHONE), await world.sign_in(email=EMAIL)
    their_id = jwt.decode(theirs["access_token"], options={"verify_signature": False})["sid"]
    answer = await world.http.delete(f"/api/v1/auth/sessions/{their_id}", headers=bearer(mine))
    assert (answer.status_code, answer.json()["code"]) == (404, "session-not-found")
    assert (await world.refresh(theirs["refresh_token"])).status_code == 200


async def test_roles_that_change_are_in_the_next_token(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    await world.db.execute("INSERT INTO audit_log (action, account_id, reason, details)"
                           " SELECT 'made-admin', id, 'for this test', '{}' FROM accounts")  # fmt: skip
    await world.db.execute("UPDATE accounts SET roles = '{admin,patient}'")
    token = (await world.refresh(session["refresh_token"])).json()["access_token"]
    assert (await world.verifier().verify(token)).roles == {"admin", "patient"}


async def test_pruning_keeps_what_a_rule_still_asks_about(world: World) -> None:
    session = await world.sign_in(phone=PHONE)
    await world.refresh(session["refresh_token"])
    await world.later(days=3)
    await world.db.run(prune)
    assert await world.db.fetchval("SELECT count(*) FROM sign_in_challenges") == 0
    assert await world.db.fetchval("SELECT count(*) FROM refresh_tokens") == 2
    await world.later(days=130)
    await world.db.run(prune)
    await world.later(days=91)
    await world.db.run(prune)
    assert await world.db.fetchval("SELECT count(*) FROM sessions") == 0
