"""The protocol holds in every state that can be reached, and every rule marked ◆ is needed."""

from __future__ import annotations

import pytest

from tests.simulation.protocol_model import Model, Without, explore


@pytest.mark.parametrize("one_order", [False, True], ids=["two-orders", "one-order"])
@pytest.mark.parametrize("automatic", [False, True], ids=["manual", "automatic"])
def test_no_reachable_state_breaks_the_promise(automatic: bool, one_order: bool) -> None:
    states, violation = explore(Model(automatic=automatic, one_order=one_order))
    assert violation is None, violation
    assert states > 500


@pytest.mark.parametrize(
    ("rule", "automatic"),
    [
        (Without.EXPIRY_PASSES_OVER_SECURED, True),
        (Without.CLOSED_DOES_NOT_CAPTURE, False),
        (Without.UNKNOWN_IS_ASKED, False),
        (Without.CAPTURED_BEFORE_CLOSING_GOES_BACK, False),
        (Without.CAPTURED_AFTER_CLOSING_GOES_BACK, False),
        (Without.SECOND_CAPTURE_GOES_BACK, True),
        (Without.THE_LAST_LETS_GO, False),
        (Without.RELEASES_ARE_NUMBERED, False),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Without) else "",
)
def test_taking_a_rule_away_breaks_the_promise(rule: Without, automatic: bool) -> None:
    one_order = rule in (Without.SECOND_CAPTURE_GOES_BACK, Without.THE_LAST_LETS_GO)
    _, violation = explore(Model(without=rule, automatic=automatic, one_order=one_order))
    assert violation is not None, f"without the rule that {rule.value}, nothing breaks"
