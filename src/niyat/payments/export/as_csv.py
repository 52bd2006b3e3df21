"""The ledger as CSV (RFC 4180): one line an entry; amounts are exact decimals, in the column of their side."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

from niyat.kernel.money import exact
from niyat.payments.export.read import Books, Transaction

COLUMNS = (
    "booked_on", "transaction_id", "external_key", "account", "kind", "debit", "credit", "currency", "event_at",
    "created_at", "appointment_id", "payment_id", "refund_id", "doctor_id",
)  # fmt: skip


async def as_csv(books: Books) -> AsyncIterator[str]:
    """The lines of the file. Every value is made by us: ids, codes, dates and numbers."""
    yield _line(COLUMNS)
    async for transaction in books.transactions():
        for line in _lines(transaction, books):
            yield line


def _lines(transaction: Transaction, books: Books) -> list[str]:
    return [
        _line(
            (
                transaction.booked_on,
                transaction.id,
                transaction.external_key,
                account,
                books.kinds[account],
                exact(amount, currency) if amount > 0 else "",
                exact(-amount, currency) if amount < 0 else "",
                currency,
                transaction.event_at.isoformat(),
                transaction.created_at.isoformat(),
                *(transaction.links.get(name, "") for name in COLUMNS[-4:]),
            )
        )
        for account, amount, currency in transaction.entries
    ]


def _line(values: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
