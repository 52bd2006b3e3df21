"""A doctor's statement: every posting on the doctor's accounts that is booked in a period, with a running balance.

It is read from the ledger alone, so the same books give the same statement; of a closed period it never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from niyat.kernel.db import Connection, Database, one

LINES = """
SELECT t.external_key, t.booked_on, t.created_at, t.appointment_id,
    -coalesce(sum(e.amount) FILTER (WHERE e.account IN ('doctor_payable', 'doctor_receivable')), 0)::bigint AS amount,
    -coalesce(sum(e.amount) FILTER (WHERE e.account = 'platform_revenue'), 0)::bigint AS commission,
    -coalesce(sum(e.amount) FILTER (WHERE e.account = 'gst_output'), 0)::bigint AS tax
FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
WHERE t.doctor_id = $1 AND e.currency = $2 AND t.booked_on BETWEEN $3 AND $4
    AND ($5::timestamptz IS NULL OR t.created_at <= $5)
GROUP BY t.id
HAVING coalesce(sum(e.amount) FILTER (WHERE e.account IN ('doctor_payable', 'doctor_receivable')), 0) <> 0
ORDER BY t.booked_on, t.id
"""
OPENING = """
SELECT -coalesce(sum(e.amount), 0)::bigint AS balance, max(t.created_at) AS stood_at
FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
WHERE t.doctor_id = $1 AND e.currency = $2 AND t.booked_on < $3 AND ($4::timestamptz IS NULL OR t.created_at <= $4)
    AND e.account IN ('doctor_payable', 'doctor_receivable')
"""
# As the newest receipt names them that there was by then: a later name changes no earlier statement.
NAMED = """
SELECT r.snapshot FROM receipts r JOIN payment_cases c USING (appointment_id)
WHERE c.doctor_id = $1 AND r.series = 'R' AND r.issued_at <= $2 ORDER BY r.issued_at DESC, r.receipt_id DESC LIMIT 1
"""


class LineKind(StrEnum):
    """What a line is about."""

    EARNED = "earned"
    REFUND = "refund"
    PAYOUT = "payout"
    RETURNED = "payout-returned"
    CORRECTION = "correction"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Line:
    """One posting. Amounts in minor units: above zero the doctor is owed more. `total` is divided into the doctor's
    `amount`, `commission` and its `tax`."""

    booked_on: date
    kind: LineKind
    external_key: str
    appointment_id: UUID | None
    payout_id: UUID | None
    commission: int
    tax: int
    amount: int
    balance: int

    @property
    def total(self) -> int:
        return self.amount + self.commission + self.tax


@dataclass(frozen=True, slots=True)
class Statement:
    """`stood_at`: when the newest posting in it was written; None before the first."""

    doctor_id: UUID
    currency: str
    from_day: date
    to_day: date
    opening: int
    lines: Sequence[Line]
    stood_at: datetime | None
    doctor_name: str
    registration_number: str
    clinic_name: str

    @property
    def closing(self) -> int:
        return self.lines[-1].balance if self.lines else self.opening


async def statement(
    db: Database, doctor_id: UUID, from_day: date, to_day: date, *, currency: str, at: datetime | None
) -> Statement:
    """The statement of those days, both included, of what was written by `at`; else of all."""
    async with (
        db.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await _read(conn, doctor_id, from_day, to_day, currency, at)


async def _read(
    conn: Connection, doctor_id: UUID, from_day: date, to_day: date, currency: str, at: datetime | None
) -> Statement:
    opening = await one(conn, OPENING, doctor_id, currency, from_day, at)
    rows = await conn.fetch(LINES, doctor_id, currency, from_day, to_day, at)
    balance = opening["balance"]
    lines = []
    for row in rows:
        balance += row["amount"]
        kind, payout_id = _kind(row["external_key"])
        lines.append(
            Line(
                row["booked_on"], kind, row["external_key"], row["appointment_id"], payout_id, row["commission"],
                row["tax"], row["amount"], balance,
            )
        )  # fmt: skip
    written = [moment for moment in (opening["stood_at"], *(row["created_at"] for row in rows)) if moment]
    stood_at = max(written, default=None)
    named = await conn.fetchval(NAMED, doctor_id, stood_at) or {}
    return Statement(
        doctor_id, currency, from_day, to_day, opening["balance"], lines, stood_at, named.get("doctor_name", ""),
        named.get("registration_number", ""), named.get("clinic_name", ""),
    )  # fmt: skip


def _kind(external_key: str) -> tuple[LineKind, UUID | None]:
    """What the outside fact is, and which payout it is of."""
    prefix, _, rest = external_key.partition(":")
    if prefix == "payout":
        payout_id, _, word = rest.partition(":")
        sent = word in ("approved", "revived")
        return LineKind.PAYOUT if sent else LineKind.RETURNED, UUID(payout_id)
    known = {"appt": LineKind.EARNED, "rfnd": LineKind.REFUND, "corr": LineKind.CORRECTION}
    return known.get(prefix, LineKind.OTHER), None
