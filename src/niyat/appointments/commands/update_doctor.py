"""A change to a doctor's profile and offer. The free slots follow at once, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.offer import Consultation, set_offer
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.hit import Hit
from niyat.appointments.hits import not_offered
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden

UPDATE = """
UPDATE doctors SET name = coalesce($2, name), specialty = coalesce($3, specialty), languages = coalesce($4, languages),
    registration_number = coalesce($5, registration_number), bio = coalesce($6, bio), place = coalesce($7, place),
    active = coalesce($8, active), updated_at = niyat_now()
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorChange:
    """What is to become different; None stays as it is. `offer` replaces all that the doctor offered."""

    name: str | None = None
    specialty: str | None = None
    languages: Sequence[str] | None = None
    registration_number: str | None = None
    bio: str | None = None
    place: str | None = None
    active: bool | None = None
    offer: Sequence[Consultation] | None = None

    @property
    def is_the_clinics_word(self) -> bool:
        """Whether it says who the doctor is, which patients rely on: an admin's to change."""
        return any(
            value is not None for value in (self.name, self.specialty, self.registration_number, self.active)
        )


async def update_doctor(
    conn: Connection,
    who: Principal,
    doctor_id: UUID,
    change: DoctorChange,
    *,
    reason: str | None,
    days_ahead: int,
) -> list[Hit]:
    """Change the doctor and re-plan the free slots; the bookings of what is no longer on offer, which stay as they
    were booked. By that doctor, or an admin, who says why.

    Raises DoctorNotFound, Forbidden, ReasonRequired.
    """
    by = await locked_schedule(conn, doctor_id, who)
    if change.is_the_clinics_word and by.role != "admin":
        raise Forbidden
    await said_why(conn, by, "update-doctor", doctor_id, reason)
    await conn.execute(
        UPDATE,
        doctor_id,
        change.name,
        change.specialty,
        change.languages,
        change.registration_number,
        change.bio,
        change.place,
        change.active,
    )
    if change.offer is not None:
        await set_offer(conn, doctor_id, change.offer)
    await replan(conn, [doctor_id], days_ahead=days_ahead)
    return await not_offered(conn, doctor_id)
