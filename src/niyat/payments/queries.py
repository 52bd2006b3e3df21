"""Reads, shaped for their screens. Ownership is checked by the routes, which know who asks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from niyat.kernel.db import Database, Reader, one
from niyat.payments.domain import PaymentStatus, Step
from niyat.payments.outcome import outcome_of
from niyat.payments.reasons import reason_code

COLUMNS = """
SELECT p.*, c.hold_expires_at, c.patient_id, c.doctor_id, c.status = 'open' AND c.expired_at IS NULL AS awaited,
    c.status = 'closed' AS closed, coalesce(c.confirmed_payment_id = p.payment_id, false) AS confirmed,
    ARRAY(SELECT step FROM payment_attempts a WHERE a.payment_id = p.payment_id) AS steps,
    EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.payment_id AND r.status = 'pending'
        AND r.gateway_payment_id = p.gateway_payment_id) AS refunds_pending, f.reason, f.description
FROM payment_transactions p JOIN payment_cases c USING (appointment_id)
    LEFT JOIN LATERAL (
        SELECT coalesce(error_reason, error_code) AS reason, error_description AS description
        FROM payment_attempts a WHERE a.payment_id = p.payment_id AND a.status = 'failed'
        ORDER BY a.updated_at DESC LIMIT 1) f ON p.status = 'failed'
"""
ONE = COLUMNS + "WHERE p.payment_id = $1"
OF_APPOINTMENT = COLUMNS + "WHERE p.appointment_id = $1 ORDER BY p.payment_id DESC LIMIT 100"
OF_ACCOUNT = (
    COLUMNS
    + """
WHERE p.account_id = $1 AND ($2::uuid IS NULL OR p.payment_id < $2) ORDER BY p.payment_id DESC LIMIT $3
"""
)
ATTEMPTS = """
SELECT gateway_payment_id, status, step, amount, currency, method, captured_amount, error_code, error_reason,
    created_at, updated_at FROM payment_attempts WHERE payment_id = $1 ORDER BY created_at, gateway_payment_id
"""
REFUNDS = """
SELECT refund_id, gateway_payment_id, gateway_refund_id, amount, currency, status, reason_code, created_at, updated_at
FROM refunds WHERE payment_id = $1 ORDER BY refund_id
"""
HISTORY = """
SELECT what, from_status, to_status, source, reason_code, gateway_payment_id, refund_id, happened_at
FROM payment_history WHERE payment_id = $1 ORDER BY id
"""
REFUND = """
SELECT refund_id, payment_id, appointment_id, gateway_payment_id, gateway_refund_id, amount, currency, status,
    reason_code, created_at, updated_at FROM refunds WHERE refund_id = $1
"""


def _shaped(row: Any) -> dict[str, Any]:
    shown = dict(row)
    shown["order_id"] = shown["gateway_order_id"]
    shown["outcome"] = outcome_of(
        PaymentStatus(row["status"]),
        [Step(step) for step in row["steps"]],
        payable=row["open"] and row["gateway_order_id"] is not None and row["awaited"],
        confirmed=row["confirmed"],
        closed=row["closed"],
        refunds_pending=row["refunds_pending"],
    )
    shown["failure"] = None
    if row["reason"] is not None:
        shown["failure"] = {"reason_code": reason_code(row["reason"]), "description": row["description"]}
    return shown


async def find_payment(db: Database, payment_id: UUID) -> dict[str, Any] | None:
    """One payment, as everybody who may see it sees it."""
    row = await db.fetchrow(ONE, payment_id)
    return _shaped(row) if row else None


async def payment_in_full(db: Database, payment_id: UUID) -> dict[str, Any] | None:
    """One payment with its attempts, refunds and history."""
    found = await find_payment(db, payment_id)
    if found is None:
        return None
    return found | {
        "attempts": [dict(row) for row in await db.fetch(ATTEMPTS, payment_id)],
        "refunds": [dict(row) for row in await db.fetch(REFUNDS, payment_id)],
        "history": [dict(row) for row in await db.fetch(HISTORY, payment_id)],
    }


async def payments_of_appointment(db: Database, appointment_id: UUID) -> list[dict[str, Any]]:
    """All payments of an appointment, the newest first."""
    return [_shaped(row) for row in await db.fetch(OF_APPOINTMENT, appointment_id)]


async def payments_of_account(
    db: Database, account_id: UUID, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """An account's payments before that one, the newest first, and one more than `limit` if there are more."""
    return [_shaped(row) for row in await db.fetch(OF_ACCOUNT, account_id, before, limit + 1)]


async def find_refund(db: Reader, refund_id: UUID) -> dict[str, Any]:
    """One refund that exists."""
    return dict(await one(db, REFUND, refund_id))
