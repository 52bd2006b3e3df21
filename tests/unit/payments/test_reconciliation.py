"""The three-way match, as values."""

from __future__ import annotations

from uuid import uuid4

import pytest

from niyat.payments.reconciliation import DifferenceKind, Item, difference_of, missing_items

UNSETTLED = [("a", 98), ("b", 98), ("refund", -10), ("c", 50)]


@pytest.mark.parametrize(
    ("remainder", "odd", "wanted"),
    [
        (0, 0, None),
        (0, 98, None),  # the rows agree with the bank: what they say twice was paid twice
        (98, 0, (["a"], 0)),
        (196, 0, (["a", "b"], 0)),
        (186, 0, (["a", "b", "refund"], 0)),
        (97, -1, (["a"], 0)),  # one paisa off, and that is what the bank got
        (99, 1, (["a"], 0)),
        (98, 98, (["a"], 0)),  # a doubled row that was never paid, and one that is missing
        (7, 7, None),  # an unknown row that was paid
        (50, 0, ([], 50)),  # not the oldest: nobody knows
        (-5, 0, ([], -5)),
    ],
)
def test_what_the_bank_got_beyond_the_rows_is_explained_by_our_oldest_items_or_not_at_all(
    remainder: int, odd: int, wanted: tuple[list[str], int] | None
) -> None:
    assert missing_items(remainder, odd, UNSETTLED) == wanted


def item(fee: int | None = 2, tax: int | None = 1, amount: int = 100) -> Item:
    return Item("pay_1", amount, "INR", uuid4(), uuid4(), fee=fee, tax=tax)


@pytest.mark.parametrize(
    ("ours", "net", "fee", "tax", "wanted"),
    [
        (item(), 98, 2, 1, None),
        (item(), 97, 2, 1, (DifferenceKind.AMOUNT_DIFFERS, -1)),
        (item(), 97, 3, 1, (DifferenceKind.FEE_DIFFERS, -1)),
        (item(), 96, 3, 1, (DifferenceKind.AMOUNT_DIFFERS, -2)),
        (item(), 98, 2, 0, (DifferenceKind.FEE_DIFFERS, 1)),
        (item(), 98, 3, 1, (DifferenceKind.AMOUNT_DIFFERS, 0)),
        (item(fee=None, tax=None), 95, 5, 1, None),
        (item(fee=None, tax=None, amount=-100), -100, 0, 0, None),
        (item(fee=None, tax=None, amount=-100), -103, 3, 0, None),
    ],
)
def test_a_row_differs_by_its_amount_or_by_its_fee(
    ours: Item, net: int, fee: int, tax: int, wanted: tuple[DifferenceKind, int] | None
) -> None:
    assert difference_of(ours, net=net, fee=fee, tax=tax) == wanted
