"""Errors are nouns that speak for themselves."""

from __future__ import annotations

import pytest

from niyat.kernel.errors import NiyatError, TooManyRequests


class SlotTaken(NiyatError):
    """Somebody else has this time;
    choose another one."""


class Nameless(NiyatError): ...


def test_the_code_is_the_name_in_kebab_case() -> None:
    assert SlotTaken().code == "slot-taken"
    assert TooManyRequests().code == "too-many-requests"


def test_the_docstring_is_what_a_person_reads() -> None:
    assert SlotTaken().detail == "Somebody else has this time;\nchoose another one."
    assert str(SlotTaken()) == SlotTaken().detail


def test_a_detail_of_its_own_wins_and_facts_travel_along() -> None:
    error = SlotTaken("It went to another.", slot_id="7")
    assert (error.detail, error.extra) == ("It went to another.", {"slot_id": "7"})


def test_every_error_is_caught_as_ours() -> None:
    with pytest.raises(NiyatError):
        raise Nameless
