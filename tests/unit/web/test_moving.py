"""What the page of a move promises is what the move gives back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from niyat.kernel.money import Money
from tests.support.samples import MOVING


@pytest.mark.parametrize(("at_most", "back"), [(None, 20_000), (50, 10_000), (0, None)])
def test_of_a_difference_as_much_comes_back_as_a_cancellation_would_give(
    at_most: int | None, back: int | None
) -> None:
    offer = replace(MOVING.doctor.offers[0], fee=Money(30_000, "INR"))
    moving = replace(MOVING, costs=Money(50_000, "INR"), at_most=at_most)
    assert moving.back(offer) == (Money(back, "INR") if back else None)


def test_what_was_forfeited_before_buys_no_dearer_time() -> None:
    offer = replace(MOVING.doctor.offers[0], fee=Money(50_000, "INR"))
    moving = replace(MOVING, costs=Money(30_000, "INR"))
    assert (moving.dearer(offer), moving.back(offer)) == (Money(20_000, "INR"), None)
