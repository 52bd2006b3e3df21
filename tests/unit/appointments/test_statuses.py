from __future__ import annotations

from typing import get_args

from niyat.appointments.domain import LIVE, TRANSITIONS, AppointmentStatus, SlotStatus, slot_status
from niyat.events.catalogue import AppointmentStatus as StatusOfEvents

S = AppointmentStatus


def test_every_state_can_be_reached_from_a_reservation() -> None:
    reached = {S.RESERVED}
    for _ in S:
        reached |= {after for before, after in TRANSITIONS if before in reached}
    assert reached == set(S)


def test_what_is_cancelled_completed_or_missed_stays_so() -> None:
    assert {before for before, _ in TRANSITIONS} == set(S) - {S.CANCELLED, S.COMPLETED, S.NO_SHOW}


def test_every_live_appointment_keeps_its_slot() -> None:
    assert all(slot_status(status) in (SlotStatus.HELD, SlotStatus.BOOKED) for status in LIVE)


def test_events_know_the_same_states() -> None:
    assert set(get_args(StatusOfEvents)) == set(S)
