"""A doctor's statement as CSV (RFC 4180): exact decimals, the opening balance first and the closing one last."""

from __future__ import annotations

import csv
import io
from datetime import date

from niyat.kernel.money import exact
from niyat.payments.statement_queries import Statement

COLUMNS = (
    "booked_on", "kind", "appointment_id", "payout_id", "external_key", "total", "commission", "tax", "amount",
    "balance", "currency",
)  # fmt: skip


def as_csv(statement: Statement) -> bytes:
    """The file. Every value is made by us: ids, codes, dates and numbers."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerow(_bound(statement, statement.from_day, "opening", statement.opening))
    for line in statement.lines:
        amounts = (line.total, line.commission, line.tax, line.amount, line.balance)
        writer.writerow(
            (
                line.booked_on,
                line.kind,
                line.appointment_id or "",
                line.payout_id or "",
                line.external_key,
                *(exact(amount, statement.currency) for amount in amounts),
                statement.currency,
            )
        )
    writer.writerow(_bound(statement, statement.to_day, "closing", statement.closing))
    return out.getvalue().encode()


def _bound(statement: Statement, day: date, kind: str, balance: int) -> tuple[object, ...]:
    return (day, kind, *[""] * 7, exact(balance, statement.currency), statement.currency)
