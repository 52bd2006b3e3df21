"""The business account that payouts are paid from."""

from __future__ import annotations

from niyat.sandbox.razorpay.desk import Desk


def balance(desk: Desk) -> int:
    row = desk.books.row("SELECT payout_balance FROM merchants WHERE key_id = ?", desk.key_id)
    return int(row["payout_balance"]) if row else 0


def change(desk: Desk, amount: int) -> None:
    """Add to it, or take from it. Payouts that wait for money begin soon after (`queue`)."""
    desk.books.run(
        "UPDATE merchants SET payout_balance = payout_balance + ? WHERE key_id = ?", amount, desk.key_id
    )
