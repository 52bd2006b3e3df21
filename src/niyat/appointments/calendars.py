"""What a calendar is told of a visit, for its patient and for its doctor.

Calendars are copied to other companies' servers and shared with families: neither a reason for visit nor a patient's
name is in them, and no link to a video room; the address of our own page leads to all three, after signing in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from niyat.appointments.domain import BOOKED, LIVE, AppointmentStatus
from niyat.kernel.calendar import CalendarEvent, EventStatus
from niyat.kernel.db import Database, Row

KEPT = timedelta(days=30)
"""How long a visit stays in a feed after its start, and a cancelled one after it was cancelled."""

KIND = {"VIDEO": "Video consultation", "AUDIO": "Audio consultation", "IN_PERSON": "Consultation"}

# Holds are left out: most calendars look every few hours, and a hold is over in minutes. So a cancelled visit is told
# only when it had been confirmed; by then a calendar may know it.
FEED = """
SELECT appointment_json(a, d, c) AS body
FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN clinics c ON c.id = d.clinic_id
WHERE (a.patient_id = $1 OR a.doctor_id = (SELECT id FROM doctors WHERE account_id = $1))
  AND a.starts_at >= niyat_now() - $2::interval
  AND (a.status IN ('confirmed', 'completed', 'no-show')
       OR a.status = 'cancelled' AND EXISTS (
           SELECT FROM appointment_status_history h
           WHERE h.appointment_id = a.id AND h.from_status = 'confirmed' AND h.to_status = 'cancelled'
             AND h.at >= niyat_now() - $2::interval))
ORDER BY a.starts_at, a.id
"""


OWN_FEED = "SELECT made_at, last_read_at FROM calendar_feeds WHERE account_id = $1"


async def own_feed(db: Database, account_id: UUID) -> Row | None:
    """When the account's feed was made and last read; None where there is none."""
    return await db.fetchrow(OWN_FEED, account_id)


async def feed(db: Database, account_id: UUID, site_url: str) -> Sequence[CalendarEvent]:
    """The visits of an account as patient and as doctor: those of the last thirty days and all to come."""
    rows = await db.fetch(FEED, account_id, KEPT)
    return [event(row["body"], account_id, site_url) for row in rows]


def event(body: dict[str, Any], account_id: UUID, site_url: str) -> CalendarEvent:
    """The visit `body` (as the API shows it) for that account's calendar."""
    page = f"{site_url}/my/appointments/{body['appointment_id']}"
    kind = KIND[body["consultation_type"]]
    is_patient = body["patient_id"] == str(account_id)
    where = {"VIDEO": page, "IN_PERSON": ", ".join(filter(None, (body["clinic_name"], body["place"])))}
    return CalendarEvent(
        appointment_id=UUID(body["appointment_id"]),
        revision=body["revision"],
        status=event_status(AppointmentStatus(body["status"])),
        starts_at=datetime.fromisoformat(body["starts_at"]),
        ends_at=datetime.fromisoformat(body["ends_at"]),
        changed_at=datetime.fromisoformat(body["updated_at"]),
        summary=f"{kind} with {body['doctor_name']}" if is_patient else kind,
        description=f"Details and changes: {page}",
        location=where.get(body["consultation_type"], ""),
        url=page,
    )


def event_status(status: AppointmentStatus) -> EventStatus:
    """Booked or over: confirmed. Only held: tentative. Cancelled or lapsed: cancelled."""
    if status in BOOKED:
        return EventStatus.CONFIRMED
    return EventStatus.TENTATIVE if status in LIVE else EventStatus.CANCELLED
