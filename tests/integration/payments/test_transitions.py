"""The database refuses every move that the tables of the domain do not have."""

from __future__ import annotations

from enum import StrEnum
from itertools import product

import asyncpg
import pytest

from niyat.kernel.db import Database
from niyat.payments.disputes import TRANSITIONS as DISPUTE_TRANSITIONS
from niyat.payments.disputes import DisputeStatus
from niyat.payments.domain import (
    REFUND_TRANSITIONS,
    STEPS,
    TRANSITIONS,
    PaymentStatus,
    RefundStatus,
    Step,
)
from niyat.payments.payouts import BATCH_TRANSITIONS, BatchStatus, PayoutStatus
from niyat.payments.payouts import TRANSITIONS as PAYOUT_TRANSITIONS
from niyat.payments.reconciliation import RUN_TRANSITIONS, DifferenceStatus, RunStatus
from niyat.payments.reconciliation import TRANSITIONS as DIFFERENCE_TRANSITIONS
from tests.support.postgres import Databases


@pytest.mark.parametrize(
    ("function", "states", "table"),
    [
        ("payment_may_move", PaymentStatus, TRANSITIONS),
        ("attempt_may_move", Step, STEPS),
        ("refund_may_move", RefundStatus, REFUND_TRANSITIONS),
        ("payout_may_move", PayoutStatus, PAYOUT_TRANSITIONS),
        ("payout_batch_may_move", BatchStatus, BATCH_TRANSITIONS),
        ("dispute_may_move", DisputeStatus, DISPUTE_TRANSITIONS),
        ("difference_may_move", DifferenceStatus, DIFFERENCE_TRANSITIONS),
        ("reconciliation_may_move", RunStatus, RUN_TRANSITIONS),
    ],
)
async def test_every_pair_is_allowed_in_the_database_exactly_as_in_the_domain(
    databases: Databases,
    function: str,
    states: type[StrEnum],
    table: dict[object, str],
) -> None:
    db = await Database.connect(databases.url("payments"))
    try:
        for pair in product(states, repeat=2):
            assert await db.fetchval(f"SELECT {function}($1, $2)", *pair) == (pair in table), pair
    finally:
        await db.close()


ROWS = """
WITH c AS (INSERT INTO payment_cases (appointment_id, patient_id, doctor_id, amount, currency)
    SELECT a, a, a, 1, 'INR' FROM gen_random_uuid() a RETURNING appointment_id),
p AS (INSERT INTO payment_transactions (payment_id, appointment_id, account_id, amount, currency)
    SELECT appointment_id, appointment_id, appointment_id, 1, 'INR' FROM c RETURNING payment_id),
a AS (INSERT INTO payment_attempts (gateway_payment_id, payment_id, appointment_id, status, amount, currency,
        captured_amount, captured_at)
    SELECT 'pay_1', payment_id, payment_id, 'captured', 1, 'INR', 1, niyat_now() FROM p RETURNING payment_id),
b AS (INSERT INTO payout_batches (batch_id, cut_off, scheduled_for, decided_by, decided_at)
    VALUES (gen_random_uuid(), niyat_now(), '2026-03-31', gen_random_uuid(), niyat_now()) RETURNING batch_id),
o AS (INSERT INTO doctor_payouts (payout_id, batch_id, doctor_id, amount, currency, period_starts_at, period_ends_at,
        fund_account_id, mode)
    SELECT batch_id, batch_id, batch_id, 1, 'INR', niyat_now() - interval '1 day', niyat_now(), 'fa_1', 'IMPS' FROM b)
INSERT INTO refunds (refund_id, payment_id, appointment_id, gateway_payment_id, amount, currency, reason_code, cause,
    from_deposit)
SELECT payment_id, payment_id, payment_id, 'pay_1', 1, 'INR', 'x', 'x', 1 FROM a
"""


@pytest.mark.parametrize(
    ("column", "states", "table"),
    [
        ("payment_transactions.status", PaymentStatus, TRANSITIONS),
        ("payment_attempts.step", Step, STEPS),
        ("refunds.status", RefundStatus, REFUND_TRANSITIONS),
        ("doctor_payouts.status", PayoutStatus, PAYOUT_TRANSITIONS),
        ("payout_batches.status", BatchStatus, BATCH_TRANSITIONS),
    ],
)
async def test_the_triggers_let_through_exactly_what_the_tables_have(
    databases: Databases,
    column: str,
    states: type[PaymentStatus | Step | RefundStatus | PayoutStatus | BatchStatus],
    table: dict[object, str],
) -> None:
    where, what = column.split(".")
    conn = await asyncpg.connect(databases.superuser_url("payments"))
    try:
        await conn.execute(ROWS)
        for before, after in product(states, repeat=2):
            outcome = conn.transaction()
            await outcome.start()
            await conn.execute("SET LOCAL session_replication_role = replica")  # past the triggers
            await conn.execute(f"UPDATE {where} SET {what} = $1", before)
            await conn.execute("SET LOCAL session_replication_role = origin")
            try:
                await conn.execute(f"UPDATE {where} SET {what} = $1", after)
                moved = True
            except asyncpg.CheckViolationError as error:
                moved = error.constraint_name not in LEGAL
            await outcome.rollback()
            assert moved is (before is after or (before, after) in table), (before, after)
    finally:
        await conn.close()


LEGAL = (
    "payment_transactions_legal_move",
    "payment_attempts_legal_step",
    "refunds_legal_move",
    "doctor_payouts_legal_move",
    "payout_batches_legal_move",
)


DISPUTED = """
INSERT INTO disputes (dispute_id, gateway_dispute_id, gateway_payment_id, payment_id, appointment_id, phase,
    reason_code, amount, currency, opened_at)
SELECT payment_id, 'disp_1', 'pay_1', payment_id, appointment_id, 'x', 'x', 1, 'INR', niyat_now()
FROM payment_attempts;
INSERT INTO reconciliation_runs (run_id, day) VALUES (gen_random_uuid(), '2026-03-31');
INSERT INTO reconciliation_differences (difference_id, kind, fact, amount, currency, day)
VALUES (gen_random_uuid(), 'missing', 'missing:x', 1, 'INR', '2026-03-31');
"""


@pytest.mark.parametrize(
    ("what", "with_it", "states", "table"),
    [
        (
            "disputes",
            "decided_at = CASE WHEN $1 IN ('won', 'lost', 'closed') THEN niyat_now() END",
            DisputeStatus,
            DISPUTE_TRANSITIONS,
        ),
        (
            "reconciliation_differences",
            (
                "explained_at = CASE WHEN $1 = 'explained' THEN niyat_now() END,"
                " reason = CASE WHEN $1 = 'explained' THEN 'why' END"
            ),
            DifferenceStatus,
            DIFFERENCE_TRANSITIONS,
        ),
        (
            "reconciliation_runs",
            "finished_at = CASE WHEN $1 <> 'asked' THEN niyat_now() END",
            RunStatus,
            RUN_TRANSITIONS,
        ),
    ],
)
async def test_what_ends_with_its_time_moves_exactly_as_its_table_says(
    databases: Databases, what: str, with_it: str, states: type[StrEnum], table: dict[object, str]
) -> None:
    move = f"UPDATE {what} SET status = $1::text, {with_it.replace('$1', '$1::text')}"
    conn = await asyncpg.connect(databases.superuser_url("payments"))
    try:
        await conn.execute(ROWS)
        await conn.execute(DISPUTED)
        for before, after in product(states, repeat=2):
            outcome = conn.transaction()
            await outcome.start()
            await conn.execute("SET LOCAL session_replication_role = replica")
            await conn.execute(move, before)
            await conn.execute("SET LOCAL session_replication_role = origin")
            try:
                await conn.execute(move, after)
                moved = True
            except asyncpg.CheckViolationError as error:
                moved = error.constraint_name != f"{what}_legal_move"
            await outcome.rollback()
            assert moved is (before is after or (before, after) in table), (before, after)
    finally:
        await conn.close()
