"""Reads of clinics and their places, each one statement, shaped as the API shows them."""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.errors import ClinicNotFound
from niyat.kernel.db import Database, Row

CLINICS = """
SELECT id AS clinic_id, name, address FROM clinics
WHERE $1::text IS NULL OR (name, id) > ($1, $2::uuid) ORDER BY name, id LIMIT $3
"""

PLACES = """
SELECT p.id AS place_id, c.id AS clinic_id, p.name, p.address
FROM clinics c LEFT JOIN places p
    ON p.clinic_id = c.id AND ($2::text IS NULL OR (p.name, p.id) > ($2, $3::uuid))
WHERE c.id = $1 ORDER BY p.name, p.id LIMIT $4
"""


async def clinics(db: Database, *, after: tuple[str, UUID] | None, limit: int) -> list[Row]:
    """All clinics by name; one more than `limit` when there are more."""
    return await db.fetch(CLINICS, *(after or (None, None)), limit + 1)


async def places(db: Database, clinic_id: UUID, *, after: tuple[str, UUID] | None, limit: int) -> list[Row]:
    """The clinic's places by name; one more than `limit` when there are more. Raises ClinicNotFound."""
    rows = await db.fetch(PLACES, clinic_id, *(after or (None, None)), limit + 1)
    if not rows:
        raise ClinicNotFound
    return [row for row in rows if row["place_id"]]
