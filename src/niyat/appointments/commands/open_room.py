"""Give a participant the link to a visit's room. The provider is called with no transaction open.

The visit is looked at before the call and again after it: a link to a visit that was cancelled or moved meanwhile
is thrown away.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from niyat.appointments.errors import VideoNotSetUp, VideoUnavailable
from niyat.appointments.parts import Parts
from niyat.appointments.ports import Guest, Room
from niyat.appointments.record import found
from niyat.appointments.video import OpenTime, open_time, participant
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection, one

MAKE = """
INSERT INTO video_rooms (appointment_id, name) VALUES ($1, $2) ON CONFLICT (appointment_id) DO NOTHING
"""
FIND = """
SELECT r.name, d.name AS doctor_name FROM video_rooms r
JOIN appointments a ON a.id = r.appointment_id JOIN doctors d ON d.id = a.doctor_id WHERE r.appointment_id = $1
"""
TRIES = 3


@dataclass(frozen=True, slots=True)
class RoomLink:
    """The way in, for one person, and when it works."""

    url: str
    time: OpenTime


async def open_room(parts: Parts, appointment_id: UUID, who: Principal) -> RoomLink:
    """The participant's own link, while the room is open. Takes `parts`: the provider is called in between.

    Raises AppointmentNotFound, Forbidden (an admin), NotAVideoVisit, NotConfirmed, AppointmentCancelled, HoldLapsed,
    TooEarly, RoomClosed, VideoNotSetUp, VideoUnavailable.
    """
    for _ in range(TRIES):
        time = await _time(parts, appointment_id, who)
        if parts.video is None:
            raise VideoNotSetUp
        room, guest = await parts.db.run(_who_meets_where, appointment_id, who, time)
        url = await parts.video.link(room, guest)
        if await _time(parts, appointment_id, who) == time:
            return RoomLink(url, time)
    raise VideoUnavailable


async def _time(parts: Parts, appointment_id: UUID, who: Principal) -> OpenTime:
    appointment = await found(parts.db, appointment_id)
    participant(appointment, who)
    return open_time(
        appointment, before=parts.settings.room_opens_before, after=parts.settings.room_closes_after
    )


async def _who_meets_where(
    conn: Connection, appointment_id: UUID, who: Principal, time: OpenTime
) -> tuple[Room, Guest]:
    """The room, which has its name from now on, and the participant under the name that the other one sees."""
    party = participant(await found(conn, appointment_id), who)
    await conn.execute(MAKE, appointment_id, secrets.token_hex(16))
    row = await one(conn, FIND, appointment_id)
    guest = Guest(party, row["doctor_name"] if party == "doctor" else "Patient")
    return Room(row["name"], time.opens_at, time.closes_at), guest
