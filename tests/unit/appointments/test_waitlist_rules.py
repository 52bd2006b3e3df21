from __future__ import annotations

from niyat.appointments.waitlist import OPEN, TRANSITIONS, WaitlistStatus

W = WaitlistStatus


def test_every_state_of_a_wait_can_be_reached_from_joining() -> None:
    reached = {W.WAITING}
    for _ in W:
        reached |= {after for before, after in TRANSITIONS if before in reached}
    assert reached == set(W)


def test_only_who_is_still_in_line_can_move() -> None:
    assert {before for before, _ in TRANSITIONS} == OPEN
