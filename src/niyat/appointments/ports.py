"""What appointments needs of the outside world: rooms for visits by video."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from niyat.appointments.domain import Party


@dataclass(frozen=True, slots=True)
class Room:
    """A visit's room, and the time in which it may be entered. The name is ours, and nobody can guess it."""

    name: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is to enter, and the name that the other one sees. The doctor runs the room."""

    party: Party
    name: str


class VideoRooms(Protocol):
    """A provider of video rooms."""

    async def link(self, room: Room, guest: Guest) -> str:
        """The guest's own address of the room. It opens that room alone, and only while the room is open.

        May be asked again and again, also for a room whose time has changed. Raises VideoUnavailable.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
