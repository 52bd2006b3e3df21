"""The merchant's balance with the gateway: what each capture, refund and dispute adds or takes.

A capture credits its amount less the fee. A refund debits its amount when it is made, not when the bank has
it (https://razorpay.com/docs/payments/settlements: a refund lowers the live balance at once); one that fails
is credited back by an adjustment. A dispute is debited when it is lost
(https://razorpay.com/docs/payments/disputes/submit-evidence: a won one takes nothing).
"""

from __future__ import annotations

from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import new_id
from niyat.sandbox.razorpay.errors import Refusal


def captured(desk: Desk, payment_id: str, amount: int, fee: int, tax: int) -> None:
    """`fee` includes `tax`."""
    _item(desk, "payment", payment_id, amount=amount, credit=amount - fee, fee=fee, tax=tax)


def refunded(desk: Desk, refund_id: str, amount: int, fee: int, tax: int) -> None:
    """`fee` is that of an instant refund; a normal one is free."""
    _item(desk, "refund", refund_id, amount=amount, debit=amount + fee, fee=fee, tax=tax)


def adjusted(desk: Desk, amount: int, description: str, dispute_id: str | None = None) -> None:
    """A correction: positive amounts are credited, negative ones debited."""
    _item(
        desk,
        "adjustment",
        new_id("adj"),
        amount=abs(amount),
        credit=max(amount, 0),
        debit=max(-amount, 0),
        description=description,
        dispute_id=dispute_id,
    )


def available(desk: Desk) -> int:
    """What is not settled yet; below zero when refunds and disputes outweigh the captures since."""
    row = desk.books.row(
        "SELECT ifnull(sum(credit - debit), 0) AS net FROM balance_items"
        " WHERE key_id = ? AND settlement_id IS NULL",
        desk.key_id,
    )
    return int(row["net"]) if row else 0


def require(desk: Desk, amount: int) -> None:
    """Raises Refusal when the account may not fall below zero and would.

    The words are those of https://github.com/razorpay/razorpay-node/issues/414.
    """
    if desk.merchant.low_balance == "refused" and available(desk) < amount:
        raise Refusal(
            "Your account does not have enough balance to carry out the refund operation. You can add funds"
            " to your account from your Razorpay dashboard or capture new payments.",
            validation=False,
        )


def _item(
    desk: Desk,
    kind: str,
    entity_id: str,
    *,
    amount: int,
    debit: int = 0,
    credit: int = 0,
    fee: int = 0,
    tax: int = 0,
    dispute_id: str | None = None,
    description: str | None = None,
) -> None:
    desk.books.run(
        "INSERT INTO balance_items"
        " (key_id, at, type, entity_id, amount, debit, credit, fee, tax, dispute_id, description)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        desk.key_id,
        desk.at,
        kind,
        entity_id,
        amount,
        debit,
        credit,
        fee,
        tax,
        dispute_id,
        description,
    )
