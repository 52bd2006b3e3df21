"""The browser says that somebody paid. Its signature proves which payment; what state that is in, the gateway says.

Spans transactions: verify, fetch, record, advance, and then a short wait for the capture.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

from niyat.kernel.db import Row
from niyat.payments import signatures
from niyat.payments.commands.advance import advance
from niyat.payments.commands.record_attempt import record_attempt
from niyat.payments.errors import (
    PaymentNotFound,
    PaymentOfAnotherAppointment,
    PaymentOfAnotherOrder,
    SignatureWrong,
)
from niyat.payments.parts import Parts
from niyat.payments.ports import AttemptFact

BY_ORDER = """
SELECT * FROM payment_transactions WHERE gateway_order_id = $1 AND ($2::uuid IS NULL OR account_id = $2)
"""
KNOWN_ELSEWHERE = """
SELECT EXISTS (SELECT FROM payment_attempts WHERE gateway_payment_id = $1 AND payment_id <> $2)
"""
POLL_NOW = """
UPDATE payment_transactions SET poll_at = niyat_now(), polls = 0 WHERE payment_id = $1
"""
STEP = "SELECT step FROM payment_attempts WHERE gateway_payment_id = $1"
ON_ITS_WAY = ("securing", "capturing")
LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Proof:
    """The three fields that the gateway's checkout hands to the browser."""

    order_id: str
    gateway_payment_id: str
    signature: str


async def verify(
    parts: Parts,
    proof: Proof,
    *,
    account_id: UUID | None,
    appointment_id: UUID | None = None,
    wait: bool = True,
) -> UUID:
    """Check the proof, learn the attempt's state from the gateway, take it as far as it goes; the payment's id.

    `account_id` None: the gateway's cross-site return, which carries no session and trusts the signature alone.
    What is not decided when this returns, jobs decide. Raises PaymentNotFound, SignatureWrong,
    PaymentOfAnotherAppointment, PaymentOfAnotherOrder; none of them has an effect.
    """
    payment = await parts.db.fetchrow(BY_ORDER, proof.order_id, account_id)
    if payment is None:
        raise PaymentNotFound
    secret = parts.settings.razorpay_key_secret.get_secret_value()
    if not signatures.verify_checkout(
        secret, payment["gateway_order_id"], proof.gateway_payment_id, proof.signature
    ):
        raise SignatureWrong
    if appointment_id is not None and payment["appointment_id"] != appointment_id:
        raise PaymentOfAnotherAppointment
    if await parts.db.fetchval(KNOWN_ELSEWHERE, proof.gateway_payment_id, payment["payment_id"]):
        raise PaymentOfAnotherOrder
    await _learn(parts, payment, proof)
    if wait:
        await _wait(parts, proof.gateway_payment_id)
    payment_id: UUID = payment["payment_id"]
    return payment_id


async def _learn(parts: Parts, payment: Row, proof: Proof) -> None:
    fact = await parts.gateway.fetch_payment(proof.gateway_payment_id)
    if not isinstance(fact, AttemptFact):
        await parts.db.execute(POLL_NOW, payment["payment_id"])  # unknown: the poll asks on
        return
    if fact.order_id != payment["gateway_order_id"]:
        raise PaymentOfAnotherOrder
    await parts.db.run(record_attempt, fact, source="callback")
    await advance(parts, proof.gateway_payment_id)


async def _wait(parts: Parts, gateway_payment_id: str) -> None:
    """Another worker may be at it: give it a moment, so that the answer can say how it ended."""
    deadline = time.monotonic() + parts.settings.verify_wait_seconds
    while await parts.db.fetchval(STEP, gateway_payment_id) in ON_ITS_WAY and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
