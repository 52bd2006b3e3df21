"""What a doctor offers: the types of consultation, each with its own price, length and rules.

The slots follow only when they are planned anew; what was booked keeps the terms under which it was booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from niyat.appointments.domain import ConsultationType
from niyat.kernel.db import Connection

FORGET = "DELETE FROM consultation_settings WHERE doctor_id = $1 AND NOT consultation_type = ANY ($2::text[])"

SET = """
INSERT INTO consultation_settings (doctor_id, consultation_type, fee_amount, slot_minutes, buffer_before_minutes,
    buffer_after_minutes, minimum_notice_minutes, maximum_advance_days)
SELECT $1, s.* FROM jsonb_to_recordset($2) AS s (consultation_type text, fee_amount bigint, slot_minutes int,
    buffer_before_minutes int, buffer_after_minutes int, minimum_notice_minutes int, maximum_advance_days int)
ON CONFLICT (doctor_id, consultation_type) DO UPDATE SET fee_amount = excluded.fee_amount,
    slot_minutes = excluded.slot_minutes, buffer_before_minutes = excluded.buffer_before_minutes,
    buffer_after_minutes = excluded.buffer_after_minutes,
    minimum_notice_minutes = excluded.minimum_notice_minutes, maximum_advance_days = excluded.maximum_advance_days
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation:
    """One type on offer. `fee_amount` is in minor units of the doctor's currency; 0 is free."""

    consultation_type: ConsultationType
    fee_amount: int
    slot_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    minimum_notice_minutes: int
    maximum_advance_days: int


async def set_offer(conn: Connection, doctor_id: UUID, offer: Sequence[Consultation]) -> None:
    """Make `offer` all that the doctor offers."""
    await conn.execute(FORGET, doctor_id, [one.consultation_type for one in offer])
    await conn.execute(SET, doctor_id, [asdict(one) for one in offer])
