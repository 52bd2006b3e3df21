"""The database refuses every move that the tables of the domain do not have."""

from __future__ import annotations

from itertools import product

import asyncpg
import pytest

from niyat.kernel.db import Database
from niyat.payments.domain import STEPS, TRANSITIONS, PaymentStatus, Step
from tests.support.postgres import Databases


@pytest.mark.parametrize(
    ("function", "states", "table"),
    [("payment_may_move", PaymentStatus, TRANSITIONS), ("attempt_may_move", Step, STEPS)],
)
async def test_every_pair_is_allowed_in_the_database_exactly_as_in_the_domain(
    databases: Databases, function: str, states: type[PaymentStatus | Step], table: dict[object, str]
) -> None:
    db = await Database.connect(databases.url("payments"))
    try:
        for pair in product(states, repeat=2):
            assert await db.fetchval(f"SELECT {function}($1, $2)", *pair) == (pair in table), pair
    finally:
        await db.close()


async def test_the_triggers_hold_the_tables(databases: Databases) -> None:
    db = await Database.connect(databases.url("payments"))
    try:
        await db.execute(
            """
            WITH c AS (INSERT INTO payment_cases (appointment_id, patient_id, doctor_id, amount, currency)
                SELECT a, a, a, 1, 'INR' FROM gen_random_uuid() a RETURNING appointment_id),
            p AS (INSERT INTO payment_transactions (payment_id, appointment_id, account_id, amount, currency)
                SELECT appointment_id, appointment_id, appointment_id, 1, 'INR' FROM c RETURNING payment_id)
            INSERT INTO payment_attempts (gateway_payment_id, payment_id, appointment_id, status, amount, currency)
            SELECT 'pay_1', payment_id, payment_id, 'created', 1, 'INR' FROM p
            """
        )
        for wrong in (
            "UPDATE payment_transactions SET status = 'refunded'",
            "UPDATE payment_attempts SET step = 'kept', captured_amount = 1, captured_at = niyat_now()",
        ):
            with pytest.raises(asyncpg.CheckViolationError, match="no such move"):
                await db.execute(wrong)
    finally:
        await db.close()
