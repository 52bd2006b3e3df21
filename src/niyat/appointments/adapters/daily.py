"""Rooms at Daily.co, by its REST API (https://docs.daily.co/reference/rest-api).

A room's name is ours, so to make it twice is to find it: a refused creation is followed by an update, which also
brings the room's time up to date after a move. Tokens leave nothing behind. So every call may be made again, and an
outcome that is unknown is tried once more. Daily's explanations may change; its statuses do not.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from niyat.appointments.errors import VideoUnavailable
from niyat.appointments.ports import Guest, Room
from niyat.kernel.log import get_logger

log = get_logger(__name__)

TRIES = 2
PATIENCE = 3  # a link takes two or three calls; all of them together get this many timeouts
EXISTS = (400, 409)
TRY_AGAIN = 429


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class DailyRooms:
    """`VideoRooms` by Daily.co."""

    def __init__(self, api_key: str, base_url: str, timeout_seconds: float) -> None:
        self._patience = PATIENCE * timeout_seconds
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=timeout_seconds, headers={"authorization": f"Bearer {api_key}"}
        )

    async def link(self, room: Room, guest: Guest) -> str:
        try:
            async with asyncio.timeout(self._patience):
                address = await self._prepared(room)
                return f"{address}?t={await self._token(room, guest)}"
        except (_Refused, TimeoutError, KeyError, TypeError) as error:
            log.error("the video provider gave no link", why=type(error).__name__)
            raise VideoUnavailable from error

    async def close(self) -> None:
        await self._http.aclose()

    async def _prepared(self, room: Room) -> str:
        """The address of the room, which exists from now on and is open at the right time."""
        wanted = {
            "privacy": "private",
            "properties": {**_time(room), "eject_at_room_exp": True},
        }
        try:
            made = await self._post("/rooms", {"name": room.name, **wanted})
        except _Refused as refused:
            if refused.status not in EXISTS:
                raise
            made = await self._post(f"/rooms/{room.name}", wanted)
        return str(made["url"])

    async def _token(self, room: Room, guest: Guest) -> str:
        properties = {
            "room_name": room.name,
            "user_id": guest.party,
            "user_name": guest.name,
            "is_owner": guest.party == "doctor",
            **_time(room),
        }
        return str((await self._post("/meeting-tokens", {"properties": properties}))["token"])

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer. Raises _Refused, also when nothing was clear after all tries."""
        status = 0
        for _ in range(TRIES):
            try:
                answer = await self._http.post(path, json=body)
                status = answer.status_code
                if answer.is_success:
                    return answer.json()
            except (httpx.TransportError, ValueError) as unclear:  # no answer, or one that is not JSON
                log.warning("the video provider gave no clear answer", why=type(unclear).__name__)
                continue
            log.warning("the video provider refused", status=status)
            if answer.is_client_error and status != TRY_AGAIN:
                break
        raise _Refused(status)


def _time(room: Room) -> dict[str, int]:
    return {"nbf": int(room.opens_at.timestamp()), "exp": int(room.closes_at.timestamp())}
