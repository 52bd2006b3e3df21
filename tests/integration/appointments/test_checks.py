"""The audit's checks of this database find what they are there for."""

from __future__ import annotations

import asyncpg
import pytest

from niyat.appointments.checks import CHECKS
from tests.integration.appointments.lines import cancel, join, taken
from tests.integration.appointments.world import World, appointments
from tests.support.postgres import Databases

BREAKS = {
    "every-doctor-offers-something": "DELETE FROM consultation_settings",
    "free-slots-are-offered": "UPDATE consultation_settings SET consultation_type = 'AUDIO'"
    " WHERE consultation_type = 'VIDEO'",
    "places-are-the-clinics": "INSERT INTO places (id, clinic_id, name) SELECT id, id, 'Here' FROM clinics;"
    " UPDATE available_slots v SET place_id = p.id FROM places p, doctors d"
    " WHERE d.id = v.doctor_id AND p.clinic_id <> d.clinic_id",
    "no-overlapping-appointments": "ALTER TABLE appointments DROP CONSTRAINT appointments_no_overlap;"
    " UPDATE appointments SET busy = tstzrange('-infinity', 'infinity'),"
    " doctor_key = (SELECT min(doctor_key) FROM appointments)",
    "one-appointment-per-slot": "DROP INDEX appointments_one_live_per_slot;"
    " UPDATE appointments SET slot_id = (SELECT slot_id FROM appointments LIMIT 1)",
    "slots-agree-with-appointments": "UPDATE available_slots SET status = 'available' WHERE status = 'held'",
    "times-agree-with-slots": "UPDATE available_slots SET ends_at = ends_at + interval '1 s' WHERE status = 'held'",
    "history-is-a-legal-path": "INSERT INTO appointment_status_history"
    " (appointment_id, from_status, to_status, actor_role, reason_code)"
    " SELECT id, 'confirmed', 'completed', 'system', 'x' FROM appointments",
    "history-ends-in-the-status": "UPDATE appointments SET status = 'expired' WHERE status = 'reserved'",
    "no-lapsed-hold": "UPDATE appointments SET hold_expires_at = niyat_now() - interval '1 s'",
    "appointment-events-are-counted": "DELETE FROM outbox",
    "no-booking-in-a-block": "INSERT INTO blocked_slots (id, doctor_id, starts_at, ends_at, created_by)"
    " SELECT id, doctor_id, starts_at, ends_at, patient_id FROM appointments",
    "overridden-days-are-kept": "INSERT INTO availability_overrides (doctor_id, day)"
    " SELECT DISTINCT doctor_id, (starts_at AT TIME ZONE 'UTC')::date FROM appointments",
    "holidays-are-kept": "INSERT INTO clinic_holidays (clinic_id, day, name, source)"
    " SELECT id, niyat_now()::date + 5, 'Ours', 'clinic' FROM clinics",
    "changed-holidays-are-planned": "INSERT INTO clinic_replans (clinic_id) SELECT id FROM clinics",
    "offers-stand": "UPDATE appointments SET status = 'expired' WHERE waitlist_entry_id IS NOT NULL",
    "booked-from-the-line": "UPDATE waitlist_entries SET status = 'booked' WHERE status = 'offered'",
    "offered-to-one": "DROP INDEX appointments_one_live_per_slot;"
    " UPDATE appointments SET slot_id = (SELECT slot_id FROM appointments WHERE waitlist_entry_id IS NOT NULL LIMIT 1)",
    "one-offer-at-a-time": "UPDATE appointments SET waitlist_entry_id = (SELECT id FROM waitlist_entries LIMIT 1)",
    "one-wait-per-doctor": "DROP INDEX waitlist_entries_one_open;"
    " UPDATE waitlist_entries SET patient_id = '00000000-0000-0000-0000-000000000000'",
    "waitlist-events-are-counted": "DELETE FROM outbox WHERE type = 'WAITLIST_OFFERED'",
}


async def two_offers(world: World) -> None:
    """Two in one doctor's line, each offered a time."""
    doctor, _ = await world.doctor()
    holders = [await taken(world, doctor) for _ in range(2)]
    for _ in holders:
        await join(world.patient(), doctor)
    for holder, held in holders:
        await cancel(holder, held)


def test_every_check_is_tried() -> None:
    assert [check.name for check in CHECKS] == list(BREAKS)


@pytest.mark.parametrize("name", BREAKS)
async def test_a_broken_promise_is_found(databases: Databases, name: str) -> None:
    async with appointments(databases) as world:
        await world.held()
        await world.held()
        await two_offers(world)
    check = next(check for check in CHECKS if check.name == name)
    owner = await asyncpg.connect(databases.superuser_url("appointments"))
    try:
        await owner.execute(BREAKS[name])
        assert await owner.fetch(check.sql, *([0.0] if "$1" in check.sql else []))
    finally:
        await owner.close()
