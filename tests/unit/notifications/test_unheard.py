"""What a message carries of the moves before it."""

from __future__ import annotations

import pytest

from niyat.notifications.commands.unheard import Move, as_one


def move(revision: int, *, told: bool = False) -> Move:
    return Move(revision, {"previous_starts_at": f"time {revision - 1}", "amount": 10**revision}, told)


@pytest.mark.parametrize(
    ("moves", "since", "amount"),
    [
        ([], "time 3", 10_000),
        ([move(3)], "time 2", 11_000),
        ([move(3), move(2), move(1)], "time 0", 11_110),
        ([move(3), move(2, told=True), move(1)], "time 2", 11_000),
        ([move(3, told=True), move(2)], "time 3", 10_000),
        ([move(2), move(1)], "time 3", 10_000),  # the third was the reader's own
        ([move(3), move(1)], "time 2", 11_000),
    ],
)
def test_a_move_is_told_from_the_time_that_is_surely_known(
    moves: list[Move], since: str, amount: int
) -> None:
    told = as_one({"previous_starts_at": "time 3", "amount": 10_000, "currency": "INR"}, 4, moves)
    assert told == {"previous_starts_at": since, "amount": amount, "currency": "INR"}


def test_a_cancellation_names_another_time_only_after_a_move_that_was_not_heard_of() -> None:
    payload = {"amount": 500, "cancelled_by": "doctor"}
    assert as_one(payload, 3, [move(3, told=True), move(2)]) == payload
    assert as_one(payload, 3, [move(3), move(2, told=True)]) == {
        "previous_starts_at": "time 2",
        "amount": 1_500,
        "cancelled_by": "doctor",
    }
