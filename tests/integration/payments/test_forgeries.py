"""At every door that trusts a signature: what is not the genuine one over these very bytes is 4xx without effect."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World
from tests.support.sandbox import Json

ROWS = """
SELECT (SELECT count(*) FROM webhook_events) AS webhooks, (SELECT count(*) FROM payment_attempts) AS attempts,
    (SELECT count(*) FROM payment_history) AS history, (SELECT count(*) FROM outbox) AS events,
    (SELECT count(*) FROM ledger_transactions) AS postings,
    (SELECT json_agg(t ORDER BY payment_id) FROM payment_transactions t) AS payments
"""
DOORS = ("/payments/webhook", "/api/v1/payments/webhook")


async def state(world: World) -> Any:
    row = await world.db.fetchrow(ROWS)
    return dict(row or {}), (await world.sandbox.books(world.account)).effects


def signed(secret: str, raw: bytes) -> bytes:
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().encode()


def refused(answer: httpx.Response, what: object) -> None:
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json", what


async def paid(world: World) -> tuple[Visit, Json, bytes]:
    """Somebody paid; the three fields of the browser, and the bytes of the webhook."""
    visit = world.visit()
    begun = await world.initiate(visit)
    handed = await world.sandbox.pay(begun["order_id"], description="नियत / 7é")
    body = (await world.webhooks())[-1]["body"].encode()
    return visit, {name: handed[name] for name in handed if name.startswith("razorpay_")}, body


@pytest.mark.failure_row(14, 15)
async def test_no_webhook_gets_in_but_the_bytes_that_were_signed(world: World) -> None:
    visit, _, raw = await paid(world)
    genuine = signed(world.account.webhook_secret, raw)
    before = await state(world)
    wrong_signatures = {
        "missing": None,
        "empty": b"",
        "forged": b"0" * 64,
        "truncated": genuine[:-1],
        "prolonged": genuine + b"0",
        "in capitals": genuine.upper(),
        "not ASCII": "é".encode("latin-1") * 64,
        "not even text": b"\xff\xfe" * 32,
        "of the empty secret": signed("", raw),
        "of the key's secret": signed(world.account.key_secret, raw),
        "in base64": b"gqLqhiW1VmuKyVVm2lwTdSQnnQ1tLVkPTYtwmrwVUlA=",
    }
    for door in DOORS:
        for what, signature in wrong_signatures.items():
            headers = {} if signature is None else {b"x-razorpay-signature": signature}
            refused(await world.http.post(door, content=raw, headers=headers), what)
        written_otherwise = {
            "indented": json.dumps(json.loads(raw), indent=1).encode(),
            "escaped": json.dumps(json.loads(raw), separators=(",", ":")).encode(),
            "cut": raw[:-1],
            "with a line more": raw + b"\n",
            "after a mark of its order": b"\xef\xbb\xbf" + raw,
            "of another amount": raw.replace(str(PRICE).encode(), str(PRICE - 1).encode()),
            "empty": b"",
        }
        for what, body in written_otherwise.items():
            assert body != raw, what
            headers = {b"x-razorpay-signature": genuine}
            refused(await world.http.post(door, content=body, headers=headers), what)
    assert await state(world) == before
    answer = await world.http.post(DOORS[0], content=raw, headers={b"x-razorpay-signature": genuine})
    assert answer.status_code == 200
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.failure_row(14)
async def test_a_signed_webhook_that_is_no_event_is_refused(world: World) -> None:
    for body in (b"", b"null", b"[]", b"7", b"{}", b'{"account_id":7,"event":[]}', b"\xff", b'{"a":NaN'):
        headers = {b"x-razorpay-signature": signed(world.account.webhook_secret, body)}
        refused(await world.http.post(DOORS[0], content=body, headers=headers), body)
    assert await world.db.fetchval("SELECT count(*) FROM webhook_events") == 0


@pytest.mark.failure_row(14)
async def test_with_an_empty_secret_nothing_is_genuine(world: World) -> None:
    visit, fields, raw = await paid(world)
    known = world.parts.settings.razorpay_webhook_secret, world.parts.settings.razorpay_key_secret
    world.parts.settings.razorpay_webhook_secret = world.parts.settings.razorpay_key_secret = SecretStr("")
    before = await state(world)
    for signature in (b"", signed("", raw), signed(world.account.webhook_secret, raw)):
        headers = {b"x-razorpay-signature": signature}
        refused(await world.http.post(DOORS[0], content=raw, headers=headers), signature)
    message = f"{fields['razorpay_order_id']}|{fields['razorpay_payment_id']}".encode()
    refused(
        await world.verify(visit, fields, razorpay_signature=signed("", message).decode()), "empty secret"
    )
    assert await state(world) == before
    world.parts.settings.razorpay_webhook_secret, world.parts.settings.razorpay_key_secret = known


@pytest.mark.failure_row(12, 13, 14)
async def test_no_browser_gets_in_but_with_the_proof_of_its_own_payment(world: World) -> None:
    visit, fields, _ = await paid(world)
    other, theirs, _ = await paid(world)
    genuine, secret = fields["razorpay_signature"], world.account.key_secret
    order, attempt = fields["razorpay_order_id"], fields["razorpay_payment_id"]
    before = await state(world)
    wrong: dict[str, Json] = {
        "empty": {"razorpay_signature": ""},
        "forged": {"razorpay_signature": "0" * 64},
        "truncated": {"razorpay_signature": genuine[:-1]},
        "prolonged": {"razorpay_signature": genuine + "0"},
        "far too long": {"razorpay_signature": "0" * 5_000},
        "not ASCII": {"razorpay_signature": "é" * 64},
        "no character": {"razorpay_signature": "\x00" * 64},
        "the wrong way round": {"razorpay_signature": signed(secret, f"{attempt}|{order}".encode()).decode()},
        "of the webhook's secret": {
            "razorpay_signature": signed(world.account.webhook_secret, f"{order}|{attempt}".encode()).decode()
        },
        "somebody else's": {"razorpay_signature": theirs["razorpay_signature"]},
        "somebody else's payment": {"razorpay_payment_id": theirs["razorpay_payment_id"]},
        "somebody else's, all of it": theirs,
        "another order's payment, signed": {
            "razorpay_payment_id": theirs["razorpay_payment_id"],
            "razorpay_signature": signed(
                secret, f"{order}|{theirs['razorpay_payment_id']}".encode()
            ).decode(),
        },
        "for another visit": {"appointment_id": str(other.appointment_id)},
        "nothing": {"razorpay_signature": None},
    }
    for what, change in wrong.items():
        refused(await world.verify(visit, fields, **change), what)
        sent = {name: value for name, value in (fields | change).items() if value is not None}
        if what in ("for another visit", "somebody else's, all of it", "nothing"):
            continue  # without a session each genuine proof counts for its own payment, and none is a return
        refused(await world.http.post("/api/v1/payments/callback", data=sent), what)
        refused(await world.http.get("/api/v1/payments/callback", params=sent), what)
    assert await state(world) == before
    for who, proof in ((visit, fields), (other, theirs)):
        assert (await world.verify(who, proof)).status_code == 200
    await world.settle()
    assert (visit.status, other.status) == ("confirmed", "confirmed")
