"""The vendor's real SDK against the sandbox."""

from __future__ import annotations

import asyncio

import pytest
import requests
from razorpay.errors import BadRequestError, ServerError

from tests.support.sandbox import Json, Sandbox
from tests.support.shop import Shop


async def test_an_order_is_paid_captured_and_refunded(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    order = await shop.order(notes={"appointment": "नियत 7/2"})
    assert (order["status"], order["attempts"], order["amount_due"]) == ("created", 0, 50000)

    handed = await sandbox.pay(order["id"], method="card")
    assert handed.keys() == {"razorpay_payment_id", "razorpay_order_id", "razorpay_signature"}
    shop.client.utility.verify_payment_signature(handed)
    payment_id = handed["razorpay_payment_id"]
    assert (await shop.call(shop.client.payment.fetch, payment_id))["status"] == "authorized"

    captured = await shop.call(shop.client.payment.capture, payment_id, 50000, {"currency": "INR"})
    assert (captured["status"], captured["captured"], captured["fee"], captured["tax"]) == (
        "captured",
        True,
        1180,
        180,
    )
    order = await shop.call(shop.client.order.fetch, order["id"])
    assert (order["status"], order["amount_paid"], order["amount_due"]) == ("paid", 50000, 0)

    await shop.refund(payment_id, {"amount": 20000}, "refund-part-1")
    part = await shop.call(shop.client.payment.fetch, payment_id)
    assert (part["status"], part["refund_status"], part["amount_refunded"]) == ("captured", "partial", 20000)
    await shop.refund(payment_id, {}, "refund-the-rest")
    whole = await shop.call(shop.client.payment.fetch, payment_id)
    assert (whole["status"], whole["refund_status"]) == ("refunded", "full")

    statement = await sandbox.books(account)
    assert (statement.captured, statement.refunded, statement.authorized) == (50000, 50000, 0)


async def test_an_order_is_found_again_by_its_receipt(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    wanted = await shop.order(receipt="visit-77")
    await shop.order(receipt="visit-78")
    found = await shop.call(shop.client.order.all, {"receipt": "visit-77"})
    assert (found["count"], found["items"]) == (1, [wanted])


async def test_the_notes_of_an_order_can_be_replaced(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    order = await shop.order(notes={"visit": "1"})
    edited = await shop.call(shop.client.order.edit, order["id"], {"notes": {"visit": "2"}})
    assert edited == order | {"notes": {"visit": "2"}}


async def test_accounts_do_not_see_each_other(sandbox: Sandbox) -> None:
    one, other = [Shop(sandbox, await sandbox.register_account()) for _ in range(2)]
    order = await one.order()
    with pytest.raises(BadRequestError, match="does not exist"):
        await other.call(other.client.order.fetch, order["id"])


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"amount": 99}, "at least INR 1.00"),
        ({"amount": 500.5}, "must be an integer"),
        ({"amount": True}, "must be an integer"),
        ({"receipt": "r" * 41}, "40 characters"),
        ({"notes": {str(number): "x" for number in range(16)}}, "15"),
        ({"notes": {"long": "x" * 257}}, "256"),
        ({"colour": "red"}, "colour is/are not required and should not be sent"),
        ({"payment": {"capture": "manual", "capture_options": {"manual_expiry_period": 11}}}, "at least 12"),
        ({"payment": {"capture": "sometimes"}}, "payment.capture"),
    ],
)
async def test_a_bad_order_is_refused_in_the_vendors_words(
    sandbox: Sandbox, fields: Json, complaint: str
) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    with pytest.raises(BadRequestError, match=complaint):
        await shop.order(**fields)


async def test_a_wrong_secret_is_a_401(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    answer = await sandbox.http.get("/razorpay/v1/orders", auth=(account.key_id, "wrong"))
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "BAD_REQUEST_ERROR"


async def test_capture_must_equal_what_was_authorized_and_happens_once(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    order = await shop.order()
    payment_id = (await sandbox.pay(order["id"]))["razorpay_payment_id"]
    with pytest.raises(BadRequestError, match="equal to the amount authorized"):
        await shop.call(shop.client.payment.capture, payment_id, 49900, {"currency": "INR"})
    await shop.call(shop.client.payment.capture, payment_id, 50000, {"currency": "INR"})
    with pytest.raises(BadRequestError, match="already been captured"):
        await shop.call(shop.client.payment.capture, payment_id, 50000, {"currency": "INR"})
    assert (await sandbox.books(account)).count("payment.captured") == 1


async def test_automatic_capture_marks_the_order_paid_at_once(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    order = await shop.order(payment={"capture": "automatic"})
    await sandbox.pay(order["id"])
    attempts = await shop.call(shop.client.order.payments, order["id"])
    assert [payment["status"] for payment in attempts["items"]] == ["captured"]
    assert (await shop.call(shop.client.order.fetch, order["id"]))["status"] == "paid"


async def test_a_failed_attempt_leaves_the_order_open_and_may_succeed_late(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    order = await shop.order()
    handed = await sandbox.pay(order["id"], outcome="failed", method="netbanking")
    payment_id = handed["error"]["metadata"]["payment_id"]
    failed = await shop.call(shop.client.payment.fetch, payment_id)
    assert (failed["status"], failed["error_reason"]) == ("failed", "payment_failed")
    with pytest.raises(BadRequestError):
        await shop.call(shop.client.payment.capture, payment_id, 50000, {"currency": "INR"})

    late = await sandbox.authorize_late(payment_id)
    assert (late["status"], late["error_code"]) == ("authorized", None)


async def test_one_order_takes_one_success_and_a_late_second_one_goes_back(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    order = await shop.order()
    first = await sandbox.pay(order["id"], outcome="pending")
    await sandbox.pay(order["id"])
    with pytest.raises(AssertionError, match="already done"):
        await sandbox.pay(order["id"])
    late = await sandbox.authorize_late(first["error"]["metadata"]["payment_id"])
    assert (late["status"], late["captured"]) == ("refunded", False)
    statement = await sandbox.books(account)
    assert (statement.authorized, statement.released, statement.orders[0]["attempts"]) == (50000, 50000, 2)


async def test_two_captures_of_one_order_can_be_forced(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    order = await Shop(sandbox, account).order()
    await sandbox.pay(order["id"], outcome="captured")
    await sandbox.pay(order["id"], outcome="captured", force=True)
    assert (await sandbox.books(account)).captured == 100000


async def test_an_uncaptured_payment_goes_back_at_the_end_of_its_window(own_sandbox: Sandbox) -> None:
    account = await own_sandbox.register_account()
    shop = Shop(own_sandbox, account)
    order = await shop.order(payment={"capture": "manual", "capture_options": {"manual_expiry_period": 15}})
    payment_id = (await own_sandbox.pay(order["id"]))["razorpay_payment_id"]
    await own_sandbox.shift_clock(14 * 60)
    assert (await own_sandbox.books(account)).authorized == 50000
    await own_sandbox.shift_clock(61)
    async with asyncio.timeout(20):
        while (await own_sandbox.books(account)).released != 50000:
            await asyncio.sleep(0.02)
    with pytest.raises(BadRequestError):
        await shop.call(shop.client.payment.capture, payment_id, 50000, {"currency": "INR"})


async def test_the_same_refund_key_refunds_once(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    payment_id = await shop.paid_visit()
    first = await shop.refund(payment_id, {"amount": 30000}, "refund-key-0001")
    assert await shop.refund(payment_id, {"amount": 30000}, "refund-key-0001") == first
    with pytest.raises(BadRequestError, match="same idempotency key"):
        await shop.refund(payment_id, {"amount": 20000}, "refund-key-0001")
    answer = await sandbox.http.post(
        f"/razorpay/v1/payments/{payment_id}/refund",
        json={"amount": 20000},
        auth=account.auth,
        headers={"X-Refund-Idempotency": "refund-key-0001"},
    )
    assert answer.status_code == 409
    statement = await sandbox.books(account)
    assert (statement.refunded, statement.count("refund.created")) == (30000, 1)


async def test_refunds_never_exceed_the_payment(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    payment_id = await shop.paid_visit()
    with pytest.raises(BadRequestError, match="greater than amount captured"):
        await shop.refund(payment_id, {"amount": 50001}, "refund-key-0001")
    await shop.refund(payment_id, {}, "refund-key-0002")
    with pytest.raises(BadRequestError, match="fully refunded already"):
        await shop.refund(payment_id, {}, "refund-key-0003")


@pytest.mark.parametrize("key", ["short", "with spaces in it", "slash/slash/slash"])
async def test_a_bad_refund_key_is_refused(sandbox: Sandbox, key: str) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    payment_id = await shop.paid_visit()
    with pytest.raises(BadRequestError, match="idempotency key must be"):
        await shop.refund(payment_id, {}, key)


async def test_a_processed_refund_may_fail_and_be_made_again(sandbox: Sandbox) -> None:
    account = await sandbox.register_account(refund_mode="manual")
    shop = Shop(sandbox, account)
    payment_id = await shop.paid_visit()
    refund = await shop.refund(payment_id, {}, "refund-key-0001")
    assert refund["status"] == "pending"
    await sandbox.process_refund(refund["id"])
    await sandbox.fail_refund(refund["id"])
    assert (await shop.call(shop.client.refund.fetch, refund["id"]))["status"] == "failed"
    payment = await shop.call(shop.client.payment.fetch, payment_id)
    assert (payment["status"], payment["amount_refunded"], payment["refund_status"]) == ("captured", 0, None)
    await shop.refund(payment_id, {}, "refund-key-0002")
    assert (await sandbox.books(account)).refunded == 50000


async def test_payments_are_listed_by_time(moving_sandbox: Sandbox) -> None:
    shop = Shop(moving_sandbox, await moving_sandbox.register_account())
    await shop.paid_visit()
    await moving_sandbox.shift_clock(100)
    later = int(await moving_sandbox.now())
    payment_id = await shop.paid_visit()
    listed = await shop.call(shop.client.payment.all, {"from": later, "count": 5})
    assert [payment["id"] for payment in listed["items"]] == [payment_id]


async def test_a_lost_answer_has_its_effect_and_a_lost_request_none(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    for kind, orders in (("lose-answer", 1), ("lose-request", 1), ("reset", 1)):
        await sandbox.add_fault(account, "orders.create", kind)  # type: ignore[arg-type]
        with pytest.raises(requests.exceptions.ConnectionError):
            await shop.order()
        assert (await sandbox.books(account)).count("order.created") == orders
    await shop.order()


async def test_calls_can_time_out_before_or_after_their_effect(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    payment_id = await shop.paid_visit()
    for kind, refunds in (("timeout-before", 0), ("timeout-after", 1)):
        await sandbox.add_fault(account, "payments.refund", kind, seconds=30)  # type: ignore[arg-type]
        with pytest.raises(requests.exceptions.ReadTimeout):
            await shop.call(
                shop.client.payment.refund,
                payment_id,
                {},
                headers={"X-Refund-Idempotency": "refund-key-0001"},
                timeout=0.3,
            )
        assert (await sandbox.books(account)).count("refund.created") == refunds


async def test_an_effect_may_come_after_the_caller_gave_up(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    await sandbox.add_fault(account, "orders.create", "late-effect", seconds=0.6)
    with pytest.raises(requests.exceptions.ReadTimeout):
        await shop.call(shop.client.order.create, {"amount": 100, "currency": "INR"}, timeout=0.1)
    assert (await sandbox.books(account)).count("order.created") == 0
    async with asyncio.timeout(20):
        while (await sandbox.books(account)).count("order.created") == 0:
            await asyncio.sleep(0.05)


async def test_the_same_refund_key_is_a_conflict_while_the_first_call_is_open(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    payment_id = await shop.paid_visit()
    await sandbox.add_fault(account, "payments.refund", "timeout-after", seconds=30)
    request = {
        "url": f"/razorpay/v1/payments/{payment_id}/refund",
        "auth": account.auth,
        "headers": {"X-Refund-Idempotency": "refund-key-0001"},
        "json": {},
    }
    first = asyncio.create_task(sandbox.http.post(**request))  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        while (await sandbox.books(account)).count("refund.created") == 0:
            await asyncio.sleep(0.02)
    assert (await sandbox.http.post(**request)).status_code == 409  # type: ignore[arg-type]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_illness_of_the_vendor_looks_as_it_does_there(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    await sandbox.add_fault(account, "orders.create", "http-500-json")
    with pytest.raises(ServerError):
        await shop.order()
    await sandbox.add_fault(account, "orders.create", "http-429")
    with pytest.raises(BadRequestError, match="Too many requests"):
        await shop.order()
    await sandbox.add_fault(account, "orders.create", "http-502-html")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        await shop.order()
    await sandbox.add_fault(account, "orders.create", "http-400", description="Insufficient balance")
    with pytest.raises(BadRequestError, match="Insufficient balance"):
        await shop.order()
    assert (await sandbox.books(account)).effects == []
    await sandbox.add_fault(account, "orders.create", "slow", seconds=0.2)
    await shop.order()


async def test_books_survive_a_kill(own_sandbox: Sandbox) -> None:
    account = await own_sandbox.register_account()
    shop = Shop(own_sandbox, account)
    payment_id = await shop.paid_visit()
    await own_sandbox.shift_clock(86400)
    before = await own_sandbox.books(account)
    own_sandbox.process.kill()
    own_sandbox.process.restart()
    assert await own_sandbox.books(account) == before
    refund = await shop.refund(payment_id, {}, "refund-key-0001")
    assert refund["created_at"] >= before.effects[-1]["at"] + 86400


async def test_another_sites_form_cannot_move_money(sandbox: Sandbox) -> None:
    order = await Shop(sandbox, await sandbox.register_account()).order()
    path = f"/control/orders/{order['id']}/pay"
    simple = await sandbox.http.post(path, content="{}", headers={"Content-Type": "text/plain"})
    assert simple.status_code == 415
    rebound = await sandbox.http.post(path, json={}, headers={"Host": "evil.example"})
    assert rebound.status_code == 400
