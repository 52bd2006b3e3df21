"""Correlation ids come from outside only if they are harmless."""

from __future__ import annotations

import pytest

from niyat.kernel.correlation import acceptable, bound, correlation_id, new_correlation_id


def test_our_own_ids_are_acceptable() -> None:
    assert acceptable(new_correlation_id())


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "line\nbreak1", "a b c d e f", "naïve-naïve", "12345678\n"]
)
def test_what_could_forge_a_log_line_is_not(given: str) -> None:
    assert not acceptable(given)


def test_a_flow_has_one_id_and_gives_it_back() -> None:
    with bound("the-flow") as outer, bound() as inner:
        assert outer == "the-flow"
        assert correlation_id.get() == inner != outer
    assert correlation_id.get() == ""
