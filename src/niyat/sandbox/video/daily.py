"""The stand-in for Daily.co: its REST API for rooms and meeting tokens under `/daily/v1`, and the rooms themselves.

https://docs.daily.co/reference/rest-api. Room configuration that we do not use is accepted and kept.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from niyat.sandbox import faults
from niyat.sandbox.video.door import Guest, TurnedAway, enter, turn_away
from niyat.sandbox.world import TheWorld, World

router = APIRouter(prefix="/daily")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LONGEST_USER_ID = 36
Json = dict[str, Any]


class _Refusal(Exception):
    def __init__(self, status: int, error: str, info: str) -> None:
        super().__init__(info)
        self.status, self.error, self.info = status, error, info

    def page(self) -> Response:
        return JSONResponse({"error": self.error, "info": self.info}, self.status)


def _bad(info: str) -> _Refusal:
    return _Refusal(400, "invalid-request-error", info)


@router.post("/v1/rooms")
async def create_room(request: Request, world: TheWorld) -> Response:
    def effect(body: Json) -> Json:
        name = str(body.get("name") or secrets.token_urlsafe(12))
        if not _NAME.fullmatch(name):
            raise _bad("room names are letters, digits, dash and underscore, at most 128")
        if _room(world, name) is not None:
            raise _bad(f"a room named {name} already exists")
        return _keep(request, world, name, body)

    return await _answer(request, world, "rooms.create", effect)


@router.post("/v1/rooms/{name}")
async def update_room(name: str, request: Request, world: TheWorld) -> Response:
    def effect(body: Json) -> Json:
        if _room(world, name) is None:
            raise _Refusal(404, "not-found", f"no room named {name}")
        return _keep(request, world, name, body)

    return await _answer(request, world, "rooms.update", effect)


@router.post("/v1/meeting-tokens")
async def create_token(request: Request, world: TheWorld) -> Response:
    def effect(body: Json) -> Json:
        given: Json = body.get("properties", {})
        if len(given.get("user_id", "")) > _LONGEST_USER_ID:
            raise _bad("user_id is longer than 36 characters")
        token = secrets.token_urlsafe(32)
        with world.books.transaction():
            world.books.run("INSERT INTO daily_tokens (token, doc) VALUES (?, ?)", token, json.dumps(given))
        return {"token": token}

    return await _answer(request, world, "meeting-tokens.create", effect)


@router.get("/{name}")
async def join(name: str, request: Request, world: TheWorld, t: str = "") -> Response:
    try:
        return enter(request, world, name, _guest(world, name, t))
    except TurnedAway as why:
        return turn_away(request, why)


def _guest(world: World, name: str, token: str) -> Guest:
    room = _room(world, name)
    row = world.books.row("SELECT doc FROM daily_tokens WHERE token = ?", token)
    if room is None:
        raise TurnedAway("There is no such room.")
    if row is None and room["privacy"] != "public":
        raise TurnedAway("This room is private, and the link has no valid token.")
    given: Json = json.loads(row["doc"]) if row else {}
    if given.get("room_name", name) != name:  # a token without one opens every room
        raise TurnedAway("The token is for another room.")
    limits = (room["config"], given)
    return Guest(
        given.get("user_name", "Somebody"),
        bool(given.get("is_owner")),
        max(limit.get("nbf", 0) for limit in limits),
        min(limit.get("exp", 2**53) for limit in limits),
    )


def _room(world: World, name: str) -> Json | None:
    """The room, unless it expired: those are deleted."""
    row = world.books.row("SELECT doc FROM daily_rooms WHERE name = ?", name)
    room: Json | None = json.loads(row["doc"]) if row else None
    return room if room and room["config"].get("exp", 2**53) > world.clock.now() else None


def _keep(request: Request, world: World, name: str, body: Json) -> Json:
    known = _room(world, name) or {"id": secrets.token_hex(16), "privacy": "public", "config": {}}
    config = known["config"] | body.get("properties", {})
    if config.get("exp", 2**53) <= world.clock.now():
        raise _bad("exp was in the past")
    room = known | {
        "name": name,
        "api_created": True,
        "privacy": body.get("privacy", known["privacy"]),
        "url": f"{request.base_url}daily/{name}",
        "config": config,
    }
    with world.books.transaction():
        world.books.run(
            "INSERT INTO daily_rooms (name, doc) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET doc = excluded.doc",
            name,
            json.dumps(room),
        )
    return room


async def _answer(request: Request, world: World, operation: str, effect: Callable[[Json], Json]) -> Response:
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    if world.books.row("SELECT 1 FROM daily_keys WHERE api_key = ?", key) is None:
        return _Refusal(401, "authentication-error", "the API key is not valid").page()
    body = await request.json()

    def page() -> Response:
        try:
            return JSONResponse(effect(body))
        except _Refusal as refusal:
            return refusal.page()

    return await faults.serve(request, faults.take(world.books, key, operation), page, _fault_page)


def _fault_page(status: int, description: str | None) -> Response:
    errors = {400: "invalid-request-error", 429: "rate-limit-error"}
    return _Refusal(status, errors.get(status, "server-error"), description or "a fault on request").page()
