"""docs/states.md is what the tables of transitions say."""

from __future__ import annotations

import pytest

from niyat.states import MACHINES, PAGE, Machine, main, page


def test_the_page_of_states_is_the_tables_of_transitions() -> None:
    assert PAGE.read_text() == page(), "run python -m niyat.states"
    assert main(["--check"]) == 0


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.title)
def test_every_status_can_be_reached_from_where_it_begins(machine: Machine) -> None:
    unreachable = {"delivered"}  # until providers tell us of delivery
    reached = {machine.begins}
    for _ in machine.table:
        reached |= {after for before, after in machine.table if before in reached}
    assert {status.value for status in type(machine.begins)} - {
        status.value for status in reached
    } <= unreachable
