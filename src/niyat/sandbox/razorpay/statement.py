"""An account's books as a test wants to read them: every entity, totals, every effect."""

from __future__ import annotations

import json

from niyat.sandbox.books import Books
from niyat.sandbox.razorpay import ledger, store
from niyat.sandbox.razorpay.entities import Payment

_KINDS: tuple[store.Kind, ...] = ("dispute", "settlement", "payout")


def of(books: Books, key_id: str) -> dict[str, object]:
    """Oldest first.

    Totals: `captured`; `refunded` (of captured money, failed refunds left out); `authorized` (held now, not
    captured); `released` (authorized money that went back uncaptured); `settled` (sent to the bank);
    `deducted` (lost in disputes); `paid_out` (payouts that are processed).
    """
    totals = {"captured": 0, "refunded": 0, "authorized": 0, "released": 0}
    disputes, settlements, payouts = (store.all_of(books, key_id, kind) for kind in _KINDS)
    totals |= {
        "settled": sum(one["amount"] for one in settlements if one["status"] == "processed"),
        "deducted": sum(one["amount_deducted"] for one in disputes),
        "paid_out": sum(one["amount"] for one in payouts if one["status"] == "processed"),
    }
    orders = []
    for row in books.rows("SELECT doc FROM orders WHERE key_id = ? ORDER BY seq", key_id):
        order = json.loads(row["doc"])
        payments = ledger.payments_of_order(books, order["id"])[::-1]
        for payment in payments:
            _add(totals, payment)
        shown = [
            {**payment, "refunds": ledger.refunds_of_payment(books, payment["id"])[::-1]}
            for payment in payments
        ]
        orders.append({**order, "payments": shown})
    effects = books.rows(
        "SELECT seq, at, effect, entity_id, amount, actor FROM effects WHERE key_id = ? ORDER BY seq", key_id
    )
    return {
        "orders": orders,
        "disputes": disputes,
        "settlements": settlements,
        "payouts": payouts,
        "totals": totals,
        "effects": [dict(row) for row in effects],
    }


def _add(totals: dict[str, int], payment: Payment) -> None:
    if payment["captured"]:
        totals["captured"] += payment["amount"]
        totals["refunded"] += payment["amount_refunded"]
    elif payment["status"] == "authorized":
        totals["authorized"] += payment["amount"]
    elif payment["status"] == "refunded":
        totals["released"] += payment["amount_refunded"]
