"""The clinic that is booked: many doctors, and slots numbered from 0 whose ids both sides can compute.

Neighbouring numbers are different doctors', so that 16 clients hardly ever wait for the same doctor's lock.
"""

from __future__ import annotations

from niyat.kernel.db import Connection

DOCTORS = 500

CLINIC = "INSERT INTO clinics (id, name, address) VALUES (uuidv7(), 'Clinic', '1 Road')"
MAKE_DOCTORS = """
WITH d AS (
    INSERT INTO doctors (id, account_id, clinic_id, name, specialty, currency, time_zone, planned_until)
    SELECT uuidv7(), uuidv7(), c.id, 'Doctor ' || n, 'General medicine', 'INR', 'Asia/Kolkata', current_date + 366
    FROM clinics c, generate_series(1, $1::int) AS n RETURNING id)
INSERT INTO consultation_settings (doctor_id, consultation_type, fee_amount, slot_minutes, maximum_advance_days)
SELECT id, 'VIDEO', 50000, 15, 366 FROM d
"""
MAKE_SLOTS = """
WITH d AS MATERIALIZED (SELECT id, doctor_key, row_number() OVER (ORDER BY id) - 1 AS place FROM doctors),
t AS MATERIALIZED (SELECT date_trunc('day', niyat_now()) + interval '2 days' AS zero)
INSERT INTO available_slots (id, doctor_id, doctor_key, starts_at, ends_at, consultation_types)
SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, d.id, d.doctor_key,
    zero + n / $1::int * interval '15 minutes', zero + (n / $1::int + 1) * interval '15 minutes', '{VIDEO}'
FROM t, generate_series($2::int, $3::int - 1) AS n JOIN d ON d.place = n % $1::int ORDER BY n
"""


def slot_id(number: int) -> str:
    """The id of a slot, as MAKE_SLOTS makes it."""
    return f"00000000-0000-7000-8000-{number:012d}"


SLOT_ID_IN_SQL = "('00000000-0000-7000-8000-' || lpad(:number::text, 12, '0'))::uuid"
"""The same for pgbench."""


class Clinic:
    """An empty appointments database, filled with DOCTORS doctors; every slot is given out once."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.given_out = 0

    @classmethod
    async def open(cls, conn: Connection) -> Clinic:
        await conn.execute(CLINIC)
        await conn.execute(MAKE_DOCTORS, DOCTORS)
        await conn.execute("ANALYZE doctors, consultation_settings, clinics")
        return cls(conn)

    async def slots(self, count: int) -> int:
        """Make `count` more slots; the number of the first."""
        first, self.given_out = self.given_out, self.given_out + count
        await self._conn.execute(MAKE_SLOTS, DOCTORS, first, self.given_out)
        await self._conn.execute("ANALYZE available_slots")
        return first
