"""The door of a room: who comes in, and who is turned away and why."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from niyat.sandbox.pages import show, wants_html
from niyat.sandbox.world import World


class TurnedAway(Exception):
    """What the provider would say."""


@dataclass(frozen=True)
class Guest:
    """Whom a token lets in, between which seconds of the sandbox's clock, and whether this one runs the room."""

    name: str
    is_owner: bool
    not_before: int
    expires_at: int


def enter(request: Request, world: World, room: str, guest: Guest) -> Response:
    """The room with everybody who has come, this guest among them. Raises TurnedAway outside its time."""
    now = world.clock.now()
    if now < guest.not_before:
        raise TurnedAway("This link is not valid yet.")
    if now >= guest.expires_at:
        raise TurnedAway("This link is no longer valid.")
    with world.books.transaction():
        world.books.run(
            "INSERT INTO video_guests (room, name, is_owner, came_at) VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (room, name) DO UPDATE SET came_at = excluded.came_at",
            room,
            guest.name,
            guest.is_owner,
            now,
        )
    came = world.books.rows(
        "SELECT name, is_owner, came_at FROM video_guests WHERE room = ? ORDER BY came_at", room
    )
    seen = {
        "room": room,
        "you": guest.name,
        "is_owner": guest.is_owner,
        "until": guest.expires_at,
        "guests": [{**dict(row), "is_owner": bool(row["is_owner"])} for row in came],
    }
    if wants_html(request):
        return show("room.html", {"here": "", **seen})
    return JSONResponse(seen)


def turn_away(request: Request, why: TurnedAway) -> Response:
    if wants_html(request):
        return show("room_closed.html", {"here": "", "problem": str(why)}, status=403)
    return JSONResponse({"error": str(why)}, status_code=403)
