"""The console beside payments: every button of settlements, disputes, payouts and the network, without scripts."""

from __future__ import annotations

import re
import secrets

import httpx
import pytest

from tests.support.sandbox import Account, Json, Sandbox
from tests.support.shop import Shop

BROWSER = {"accept": "text/html,application/xhtml+xml"}


class Person:
    """Somebody at the console, whose browser runs no scripts."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.http = sandbox.http

    async def look(self, page: str) -> str:
        shown = await self.http.get(f"/console{page}", headers=BROWSER)
        assert shown.status_code == 200, shown.text
        policy = shown.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "<script" not in shown.text
        return shown.text

    async def press(self, where: str, deed: str = "", **fields: str) -> httpx.Response:
        token = re.search(r'name="token" value="([^"]+)"', await self.look("/network"))
        assert token is not None
        return await self.http.post(
            f"/console/{where}",
            data={"token": token[1], "deed": deed, **fields},
            headers=BROWSER,
            follow_redirects=True,
        )

    async def does(self, where: str, deed: str = "", **fields: str) -> str:
        shown = await self.press(where, deed, **fields)
        assert shown.status_code == 200, shown.text
        return shown.text


@pytest.fixture
async def account(sandbox: Sandbox) -> Account:
    account = await sandbox.register_account()
    await sandbox.behave(account, payout_mode="manual", refund_mode="manual")
    return account


async def test_a_dispute_is_opened_reviewed_and_lost_by_buttons(sandbox: Sandbox, account: Account) -> None:
    person, shop = Person(sandbox), Shop(sandbox, account)
    payment_id = await shop.paid_visit("card")
    await person.does(payment_id, "dispute", rupees="200")
    [dispute] = (await sandbox.books(account)).disputes
    assert (dispute["amount"], dispute["status"]) == (20000, "open")
    page = await person.look("/disputes")
    assert f'id="{dispute["id"]}"' in page
    assert dispute["id"] in await person.look("")
    assert "₹200.00 taken" in await person.does(dispute["id"], "lose")
    again = await person.press(dispute["id"], "win")
    assert again.status_code == 409
    assert "lost status" in again.text
    await person.does(payment_id, "dispute", phase="fraud")
    await person.does((await sandbox.books(account)).disputes[-1]["id"], "close")
    await person.does(payment_id, "dispute")
    await person.does((await sandbox.books(account)).disputes[-1]["id"], "accept")
    assert [one["status"] for one in (await sandbox.books(account)).disputes] == ["lost", "closed", "lost"]


async def test_a_settlement_is_made_and_its_report_spoilt_by_buttons(
    sandbox: Sandbox, account: Account
) -> None:
    person = Person(sandbox)
    await Shop(sandbox, account).paid_visit()
    await person.does(f"accounts/{account.key_id}", "settle", pending="yes")
    [settlement] = (await sandbox.books(account)).settlements
    await person.does(settlement["id"], "fail")
    await person.does(f"accounts/{account.key_id}", "settle")
    second = (await sandbox.books(account)).settlements[-1]
    assert (second["status"], second["amount"]) == ("processed", 48820)
    for deed in ("double-row", "off-by-one", "strange-row", "drop-row"):
        page = await person.does(second["id"], deed)
    assert "₹488.19" in page
    empty = await person.press(f"accounts/{account.key_id}", "settle")
    assert empty.status_code == 409
    assert "Minimum amount" in empty.text


async def payout(sandbox: Sandbox, account: Account) -> Json:
    contact = {"name": "Asha Rao"}
    wanted = {
        "account_number": "7878780080316316",
        "fund_account": {"account_type": "vpa", "vpa": {"address": "asha@upi"}, "contact": contact},
        "amount": 50000,
        "currency": "INR",
        "mode": "UPI",
        "purpose": "payout",
        "queue_if_low_balance": True,
    }
    made = await sandbox.http.post(
        "/razorpay/v1/payouts",
        json=wanted,
        auth=account.auth,
        headers={"X-Payout-Idempotency": secrets.token_hex(8)},
    )
    shown: Json = made.raise_for_status().json()
    return shown


async def test_payouts_are_decided_by_buttons(sandbox: Sandbox, account: Account) -> None:
    person = Person(sandbox)
    one, other = await payout(sandbox, account), await payout(sandbox, account)
    assert "UPI to asha@upi" in await person.does(one["id"], "process")
    await person.does(one["id"], "reverse")
    await person.does(other["id"], "fail")
    await sandbox.behave(account, payout_approval="required")
    waiting, refused = await payout(sandbox, account), await payout(sandbox, account)
    await person.does(waiting["id"], "approve")
    await person.does(refused["id"], "reject")
    await sandbox.behave(account, payout_approval="none", payout_balance=0)
    queued = await payout(sandbox, account)
    await person.does(queued["id"], "cancel")
    await person.does(f"accounts/{account.key_id}", "add-funds", rupees="1,000")
    assert await sandbox.add_funds(account, 0) == 100_000
    assert [entry["status"] for entry in (await sandbox.books(account)).payouts] == [
        "reversed",
        "failed",
        "processing",
        "rejected",
        "cancelled",
    ]


async def test_webhooks_faults_and_downtimes_are_set_by_forms(sandbox: Sandbox, account: Account) -> None:
    person = Person(sandbox)
    choices = {
        "webhook_mode": "hold",
        "webhook_sign_with": "old",
        "webhook_corrupt": "cut",
        "webhook_duplicate": "2",
        "webhook_delay_seconds": "10",
    }
    await person.does(f"network/{account.key_id}", **choices)
    assert (
        await person.press(f"network/{account.key_id}", **{**choices, "webhook_mode": "x"})
    ).status_code == 422
    await Shop(sandbox, account).paid_visit()
    event = (await sandbox.webhooks(account))[0]
    assert event["state"] == "dropped"  # the account has no address to send to
    await person.does(f"events/{event['id']}")
    assert len((await sandbox.webhooks(account))[0]["tries"]) == 1

    wanted = {"operation": "orders.create", "kind": "http-429", "times": "1", "seconds": "0"}
    await person.does(f"faults/{account.key_id}", **wanted)
    body = {"amount": 100, "currency": "INR"}
    answers = [
        (await sandbox.http.post("/razorpay/v1/orders", json=body, auth=account.auth)).status_code
        for _ in range(2)
    ]
    assert answers == [429, 200]
    assert (await person.press(f"faults/{account.key_id}", **{**wanted, "times": "x"})).status_code == 422

    await person.does(f"accounts/{account.key_id}", "downtime", method="netbanking")
    listed = await sandbox.http.get("/razorpay/v1/payments/downtimes", auth=account.auth)
    [downtime] = listed.json()["items"]
    assert (downtime["method"], downtime["severity"]) == ("netbanking", "medium")
    await person.does(downtime["id"], "worse")
    await person.does(downtime["id"], "resolve")
    assert f'id="{downtime["id"]}"' not in await person.look("/network")


async def test_an_instant_refund_is_slowed_down_by_a_button(sandbox: Sandbox, account: Account) -> None:
    person = Person(sandbox)
    payment_id = await Shop(sandbox, account).paid_visit()
    await person.does(payment_id, "refund", rupees="100", speed="optimum")
    [refund] = (await sandbox.books(account)).refunds
    assert refund["speed_processed"] == "instant"
    await person.does(refund["id"], "slow-down")
    assert (await sandbox.books(account)).refunds[0]["speed_processed"] == "normal"


async def test_another_sites_form_presses_nothing(sandbox: Sandbox, account: Account) -> None:
    await Shop(sandbox, account).paid_visit()
    forged = await sandbox.http.post(
        f"/console/accounts/{account.key_id}", data={"deed": "settle", "token": "guess"}, headers=BROWSER
    )
    assert forged.status_code == 403
    assert (await Person(sandbox).press(f"accounts/{account.key_id}", "explode")).status_code == 422
    assert (await Person(sandbox).press("accounts/rzp_test_nobody", "settle")).status_code == 404
    assert (await sandbox.books(account)).settlements == []
