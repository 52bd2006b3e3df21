"""Whatever happens to a visit, in whatever order: never more goes back than came, never less than is owed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from niyat.payments.domain import owed_on_close, owed_on_move, refundable

MONEY = st.integers(1, 10**7)
PARTS = st.lists(st.integers(0, 100), max_size=5)


def percent_of(amount: int, percent: int) -> int:
    return (amount * percent + 50) // 100


@given(MONEY, PARTS, st.integers(0, 100), st.lists(st.booleans(), max_size=10))
def test_moves_and_the_end_give_back_exactly_what_is_owed(
    captured: int, prices: list[int], back: int, told_twice: list[bool]
) -> None:
    price, promised = captured, 0
    for n, percent in enumerate(prices):
        price = percent_of(price, percent)
        for _ in range(1 + (n < len(told_twice) and told_twice[n])):
            promised += owed_on_move(captured, promised, captured - price, promised)
    assert promised == captured - price
    owed = captured - price + percent_of(price, back)
    promised += owed_on_close(captured, promised, owed)
    assert promised == owed <= captured


@given(MONEY, st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_what_staff_gave_before_never_makes_it_too_much_or_too_little(
    captured: int, given_before: int, percent: int, back: int
) -> None:
    goodwill = percent_of(captured, given_before)
    price = percent_of(captured, percent)
    for_move = owed_on_move(captured, goodwill, captured - price, 0)
    assert for_move == min(captured - price, refundable(captured, goodwill))
    owed = captured - price + percent_of(price, back)
    total = goodwill + for_move + owed_on_close(captured, goodwill + for_move, owed)
    assert owed <= total <= captured


@given(MONEY, st.permutations(range(4)), st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_the_order_in_which_moves_are_heard_of_makes_no_difference(
    captured: int, order: list[int], percents: list[int]
) -> None:
    prices = [captured]
    for percent in percents:
        prices.append(percent_of(prices[-1], percent))
    moved_back = promised = 0
    for n in order:
        moved_back = max(moved_back, captured - prices[n + 1])
        promised += owed_on_move(captured, promised, moved_back, promised)
    assert promised == captured - prices[-1]
