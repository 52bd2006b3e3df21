"""What becomes of the bookings that a change of the schedule hits: each is cancelled, or moved, in the same
transaction. It comes last: the time that is given back no longer counts as free, and a move needs a time that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from niyat.appointments.commands.cancel import cancel
from niyat.appointments.commands.reschedule import reschedule
from niyat.appointments.errors import BookingsInTheWay, NotInTheWay, SlotBlocked
from niyat.appointments.hit import Fate, Hit
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.errors import NiyatError

REASON = "doctor-unavailable"

AFTER = "SELECT id, starts_at, ends_at, amount_owed_back FROM appointments WHERE id = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to become of a booking: moved to `slot_id`, or cancelled where there is none."""

    appointment_id: UUID
    slot_id: UUID | None = None


async def settle(
    conn: Connection, who: Principal, hits: Sequence[Hit], outcomes: Sequence[Outcome], *, may_stay: bool
) -> list[Hit]:
    """Carry out the `outcomes`; what became of each of the `hits`. The doctor's lock is held.

    Without an outcome a booking keeps its time if it `may_stay`, and is refused otherwise. A hold that nothing is
    paid on has no claim: it is cancelled, unless it may stay. Raises BookingsInTheWay (with all hits), NotInTheWay,
    and what keeps a booking from being moved, with its `appointment_id`.
    """
    wanted = {outcome.appointment_id: outcome for outcome in outcomes}
    if strangers := wanted.keys() - {hit.appointment_id for hit in hits}:
        raise NotInTheWay(appointment_ids=sorted(str(each) for each in strangers))
    fates = {hit.appointment_id: _fate(hit, wanted.get(hit.appointment_id), may_stay) for hit in hits}
    # The account may be a patient's too; here it acts for the doctor.
    staff = replace(who, roles=who.roles - {"patient"})
    for hit in hits:
        if (outcome := wanted.get(hit.appointment_id)) and outcome.slot_id == hit.slot_id:
            raise SlotBlocked(appointment_id=str(hit.appointment_id))
    for fate in ("cancelled", "moved"):  # What is cancelled may leave its time to what is moved.
        for appointment_id in (hit for hit, its in fates.items() if its == fate):
            try:
                await _carry_out(conn, staff, appointment_id, wanted.get(appointment_id))
            except NiyatError as refused:
                refused.extra["appointment_id"] = str(appointment_id)
                raise
    settled = await _settled(conn, hits, fates)
    if "needed" in fates.values():
        raise BookingsInTheWay(settled)
    return settled


def _fate(hit: Hit, wanted: Outcome | None, may_stay: bool) -> Fate:
    if wanted:
        return "moved" if wanted.slot_id else "cancelled"
    if may_stay:
        return "kept"
    return "needed" if hit.stands else "cancelled"


async def _carry_out(
    conn: Connection, staff: Principal, appointment_id: UUID, wanted: Outcome | None
) -> None:
    if wanted and wanted.slot_id:
        await reschedule(conn, appointment_id, staff, wanted.slot_id, reason_code=REASON)
    else:
        await cancel(conn, appointment_id, staff, reason_code=REASON)


async def _settled(conn: Connection, hits: Sequence[Hit], fates: dict[UUID, Fate]) -> list[Hit]:
    rows = {row["id"]: row for row in await conn.fetch(AFTER, list(fates))}
    return [
        replace(
            hit,
            outcome=(fate := fates[hit.appointment_id]),
            amount_owed_back=row["amount_owed_back"],
            new_starts_at=row["starts_at"] if fate == "moved" else None,
            new_ends_at=row["ends_at"] if fate == "moved" else None,
        )
        for hit in hits
        for row in (rows[hit.appointment_id],)
    ]
