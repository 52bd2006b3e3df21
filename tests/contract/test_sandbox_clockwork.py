"""What the gateway does by itself as time passes, and webhooks that arrive damaged."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json

import pytest

from tests.support.sandbox import Sandbox
from tests.support.shop import Shop
from tests.support.webhook_receiver import WebhookReceiver


async def status_becomes(shop: Shop, payment_id: str, status: str) -> dict[str, object]:
    async with asyncio.timeout(20):
        while (shown := await shop.call(shop.client.payment.fetch, payment_id))["status"] != status:
            await asyncio.sleep(0.02)
    return shown


async def test_a_payment_that_no_bank_answers_fails_after_ten_minutes_and_may_succeed_late(
    own_sandbox: Sandbox,
) -> None:
    shop = Shop(own_sandbox, await own_sandbox.register_account())
    handed = await own_sandbox.pay((await shop.order())["id"], outcome="pending")
    payment_id = handed["error"]["metadata"]["payment_id"]
    await own_sandbox.shift_clock(9 * 60)
    assert (await shop.call(shop.client.payment.fetch, payment_id))["status"] == "created"
    await own_sandbox.shift_clock(61)
    failed = await status_becomes(shop, payment_id, "failed")
    assert failed["error_reason"] == "payment_timed_out"
    await own_sandbox.shift_clock(30 * 60)
    late = await own_sandbox.authorize_late(payment_id)
    assert (late["status"], late["error_reason"]) == ("authorized", None)
    assert [one["event"] for one in await own_sandbox.webhooks(shop.account)] == [
        "payment.failed",
        "payment.authorized",
    ]


async def test_after_its_automatic_window_a_payment_is_only_authorized(own_sandbox: Sandbox) -> None:
    shop = Shop(own_sandbox, await own_sandbox.register_account())
    options = {"automatic_expiry_period": 12, "manual_expiry_period": 60, "refund_speed": "optimum"}
    order = await shop.order(payment={"capture": "automatic", "capture_options": options})
    handed = await own_sandbox.pay(order["id"], outcome="failed")
    payment_id = handed["error"]["metadata"]["payment_id"]
    await own_sandbox.shift_clock(13 * 60)
    assert (await own_sandbox.authorize_late(payment_id))["status"] == "authorized"
    await own_sandbox.shift_clock(48 * 60)
    assert (await status_becomes(shop, payment_id, "refunded"))["captured"] is False
    [refund] = (await own_sandbox.books(shop.account)).refunds
    assert refund["speed_requested"] == "optimum"


@pytest.mark.parametrize("damage", ["cut", "altered", "reserialised"])
async def test_a_damaged_webhook_no_longer_fits_its_signature(
    sandbox: Sandbox, receiver: WebhookReceiver, damage: str
) -> None:
    account = await sandbox.register_account(receiver.url)
    await sandbox.set_webhooks(account, corrupt=damage)  # type: ignore[arg-type]
    order = await Shop(sandbox, account).order(notes={"visit": "आशा 7/2"})
    await sandbox.pay(order["id"])
    [received] = await receiver.wait_for(1)
    [event] = await sandbox.webhooks(account)
    whole = event["body"].encode()

    def signed(body: bytes) -> str:
        return hmac.new(account.webhook_secret.encode(), body, hashlib.sha256).hexdigest()

    assert received.signature == signed(whole) != signed(received.body)
    if damage == "reserialised":
        assert json.loads(received.body) == json.loads(whole)
    await sandbox.set_webhooks(account, corrupt="none")
    await sandbox.send_webhook(event["id"])
    assert receiver.received[-1].body == whole
