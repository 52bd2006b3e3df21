"""Webhooks of the sandbox: signed over the exact bytes, at least once, in no order, and as badly as ordered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
import razorpay

from tests.support.sandbox import Account, Json, Sandbox
from tests.support.webhook_receiver import Received, WebhookReceiver

SAMPLE = Path(__file__).parents[1] / "fixtures/razorpay/signature/payment_authorized_webhook.body.json"


async def order_of(sandbox: Sandbox, account: Account) -> str:
    wanted = {
        "amount": 50000,
        "currency": "INR",
        "notes": {"visit": "आशा 7/2 – “first”"},
        "payment": {"capture": "manual"},
    }
    answer = await sandbox.http.post("/razorpay/v1/orders", json=wanted, auth=account.auth)
    order_id: str = answer.raise_for_status().json()["id"]
    return order_id


async def event_when(sandbox: Sandbox, account: Account, state: str) -> Json:
    """The account's first event, once it is in that state."""
    async with asyncio.timeout(20):
        while (found := (await sandbox.webhooks(account))[0])["state"] != state:
            await asyncio.sleep(0.02)
    return found


async def tried(sandbox: Sandbox, account: Account, times: int) -> None:
    """Until the account's first event was tried that often."""
    async with asyncio.timeout(20):
        while len((await sandbox.webhooks(account))[0]["tries"]) < times:
            await asyncio.sleep(0.02)


def signed(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def sdk_accepts(received: Received, secret: str) -> bool:
    utility: Any = razorpay.Client(auth=("key", "secret")).utility
    return bool(utility.verify_webhook_signature(received.body.decode(), received.signature, secret))


def test_our_own_hmac_agrees_with_the_vendors_sample() -> None:
    signature = signed("key_secret", SAMPLE.read_bytes())
    assert signature == "d60e67fd884556c045e9be7dad57903e33efc7172c17c6e3ef77db42d2b366e9"


async def test_a_webhook_is_signed_over_its_exact_bytes(sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    account = await sandbox.register_account(receiver.url)
    await sandbox.pay(await order_of(sandbox, account), outcome="captured", method="card")
    received = await receiver.wait_for(3)
    assert sorted(receiver.names) == ["order.paid", "payment.authorized", "payment.captured"]
    assert len({one.event_id for one in received}) == 3
    for one in received:
        assert one.signature == signed(account.webhook_secret, one.body)
        assert sdk_accepts(one, account.webhook_secret)
        assert one.event["account_id"] == account.account_id


async def test_serialising_a_webhook_again_breaks_its_signature(
    sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    account = await sandbox.register_account(receiver.url)
    await sandbox.pay(await order_of(sandbox, account))
    [received] = await receiver.wait_for(1)
    for ascii_only in (True, False):
        for separators in ((",", ":"), (", ", ": ")):
            again = json.dumps(received.event, ensure_ascii=ascii_only, separators=separators)
            assert signed(account.webhook_secret, again.encode()) != received.signature


async def test_a_refused_webhook_comes_again_with_the_same_id_and_bytes(
    sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    receiver.answers.extend([500, WebhookReceiver.HANG_UP, 302])
    account = await sandbox.register_account(receiver.url)
    await sandbox.set_webhooks(account, retry_seconds=0.01)
    await sandbox.pay(await order_of(sandbox, account))
    received = await receiver.wait_for(4)
    assert len({(one.event_id, one.body, one.signature) for one in received}) == 1
    event = await event_when(sandbox, account, "delivered")
    assert [one["status"] for one in event["tries"]] == [500, None, 302, 200]


async def test_retries_wait_for_the_sandboxs_clock_and_end_after_a_day(
    own_sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    receiver.answers.extend([503] * 20)
    account = await own_sandbox.register_account(receiver.url)
    await own_sandbox.shift_clock(0, freeze=True)
    await own_sandbox.pay(await order_of(own_sandbox, account))
    await tried(own_sandbox, account, 1)
    await own_sandbox.shift_clock(3)
    await tried(own_sandbox, account, 2)
    await own_sandbox.shift_clock(25 * 3600)
    await tried(own_sandbox, account, 3)
    await event_when(own_sandbox, account, "given-up")
    await own_sandbox.pay(await order_of(own_sandbox, account))
    assert [event["state"] for event in await own_sandbox.webhooks(account)] == ["given-up", "held"]


@pytest.mark.long
async def test_five_seconds_of_silence_are_a_failed_delivery(
    sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    receiver.answers.append(WebhookReceiver.SILENCE)
    account = await sandbox.register_account(receiver.url)
    await sandbox.set_webhooks(account, retry_seconds=0.01)
    await sandbox.pay(await order_of(sandbox, account))
    await receiver.wait_for(2)
    event = await event_when(sandbox, account, "delivered")
    assert [one["status"] for one in event["tries"]] == [None, 200]


async def test_duplicates_are_sent_on_request(sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    account = await sandbox.register_account(receiver.url)
    await sandbox.set_webhooks(account, duplicate=2)
    await sandbox.pay(await order_of(sandbox, account))
    received = await receiver.wait_for(3)
    assert len({one.event_id for one in received}) == 1
    await event_when(sandbox, account, "delivered")


async def test_held_webhooks_are_flushed_in_either_order(sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    account = await sandbox.register_account(receiver.url)
    await sandbox.set_webhooks(account, mode="hold")
    await sandbox.pay(await order_of(sandbox, account), outcome="captured")
    assert {event["state"] for event in await sandbox.webhooks(account)} == {"held"}
    sent = await sandbox.flush_webhooks(account, order="newest-first")
    assert [one["event"] for one in sent] == ["order.paid", "payment.captured", "payment.authorized"]
    assert receiver.names == [one["event"] for one in sent]
    assert await sandbox.flush_webhooks(account) == []


async def test_a_dropped_webhook_comes_only_when_sent_by_hand(
    sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    account = await sandbox.register_account(receiver.url)
    await sandbox.set_webhooks(account, mode="drop")
    await sandbox.pay(await order_of(sandbox, account))
    assert await sandbox.flush_webhooks(account) == []
    [event] = await sandbox.webhooks(account)
    sent = await sandbox.send_webhook(event["id"], times=2)
    assert [one["delivered"] for one in sent] == [True, True]
    assert [one.event_id for one in receiver.received] == [event["id"]] * 2


async def test_a_delayed_webhook_waits_for_the_clock(own_sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    account = await own_sandbox.register_account(receiver.url)
    await own_sandbox.set_webhooks(account, delay_seconds=3600)
    await own_sandbox.pay(await order_of(own_sandbox, account))
    [event] = await own_sandbox.webhooks(account)
    assert (event["state"], event["tries"]) == ("waiting", [])
    await own_sandbox.shift_clock(3600)
    await receiver.wait_for(1)


async def test_after_a_rotation_older_events_keep_the_old_secret(
    sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    old = await sandbox.register_account(receiver.url)
    await sandbox.set_webhooks(old, mode="hold")
    await sandbox.pay(await order_of(sandbox, old))
    new = await sandbox.rotate_webhook_secret(old)
    await sandbox.pay(await order_of(sandbox, new))
    await sandbox.flush_webhooks(new)
    first, second = receiver.received
    assert first.signature == signed(old.webhook_secret, first.body)
    assert second.signature == signed(new.webhook_secret, second.body)

    await sandbox.set_webhooks(new, sign_with="old")
    await sandbox.send_webhook(second.event_id)
    assert receiver.received[-1].signature == signed(old.webhook_secret, second.body)
    await sandbox.set_webhooks(new, sign_with="garbage")
    await sandbox.send_webhook(second.event_id)
    forged = receiver.received[-1].signature
    assert forged not in {signed(one.webhook_secret, second.body) for one in (old, new)}
    await sandbox.set_webhooks(new, sign_with="missing")
    await sandbox.send_webhook(second.event_id)
    assert receiver.received[-1].signature is None


async def test_webhooks_may_come_before_the_browser_is_answered(
    sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    account = await sandbox.register_account(receiver.url)
    await sandbox.pay(await order_of(sandbox, account), outcome="captured", webhooks_first=True)
    assert sorted(receiver.names) == ["order.paid", "payment.authorized", "payment.captured"]


async def test_a_killed_sandbox_delivers_after_its_restart(
    own_sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    account = await own_sandbox.register_account(receiver.url)
    receiver.answers.append(503)
    await own_sandbox.set_webhooks(account, retry_seconds=3)
    await own_sandbox.pay(await order_of(own_sandbox, account))
    [refused] = list(await receiver.wait_for(1))
    own_sandbox.process.kill()
    own_sandbox.process.restart()
    await own_sandbox.shift_clock(10)
    received = await receiver.wait_for(2)
    assert received[1].event_id == refused.event_id


async def test_a_refund_tells_of_itself_and_its_payment(sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    account = await sandbox.register_account(receiver.url)
    handed = await sandbox.pay(await order_of(sandbox, account), outcome="captured")
    await receiver.wait_for(3)
    refund = await sandbox.refund_in_dashboard(handed["razorpay_payment_id"], 12300)
    received = (await receiver.wait_for(5))[3:]
    assert {one.event["event"] for one in received} == {"refund.created", "refund.processed"}
    for one in received:
        assert one.event["contains"] == ["refund", "payment"]
        assert one.event["payload"]["refund"]["entity"]["id"] == refund["id"]
        assert one.event["payload"]["payment"]["entity"]["amount_refunded"] == 12300
