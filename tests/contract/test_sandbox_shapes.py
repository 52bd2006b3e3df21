"""The sandbox's entities have the keys and types of the vendor's documented samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.sandbox import Account, Json, Sandbox

FIXTURES = Path(__file__).parents[1] / "fixtures/razorpay"
NULLABLE = {"receipt", "vpa", "wallet", "bank", "card_id", "refund_status", "fee", "tax", "description"}


def sample(path: str) -> Json:
    loaded: Json = json.loads((FIXTURES / path).read_text(encoding="utf-8"))
    return loaded


def entity(path: str, name: str) -> Json:
    found: Json = sample(path)["payload"][name]["entity"]
    return found


def types_in(samples: list[Json]) -> dict[str, set[type]]:
    """Every type that a key has in any of the samples; empty notes are a list there, full ones an object."""
    seen: dict[str, set[type]] = {}
    for one in samples:
        for key, value in one.items():
            seen.setdefault(key, set()).add(type(value))
    seen["notes"] = {list, dict}
    return seen


def assert_types(shown: Json, samples: list[Json]) -> None:
    allowed = types_in(samples)
    for key, value in shown.items():
        assert key in allowed, f"{key} is in no sample"
        if key.startswith("error_") or key in NULLABLE:
            assert value is None or type(value) in (str, int), key
        else:
            assert type(value) in allowed[key], f"{key}: {value!r}"


PAYMENTS = [
    sample("responses/payments.fetch-with-id.json"),
    sample("responses/payments.fetch-with-id.2.json"),
    *(
        entity(f"webhooks/{path.name}", "payment")
        for path in sorted((FIXTURES / "webhooks").glob("payment.[acf]*.json"))
    ),
    entity("webhooks/refund.created.json", "payment"),
]
ORDERS = [sample("responses/orders.entity.json"), entity("webhooks/order.paid.2.json", "order")]
REFUNDS = [
    sample("responses/refunds.entity.json"),
    sample("responses/refunds.create-instant.json"),
    entity("webhooks/refund.processed.json", "refund"),
]


async def call(sandbox: Sandbox, account: Account, method: str, path: str, body: Json | None = None) -> Json:
    answer = await sandbox.http.request(method, f"/razorpay/v1{path}", json=body, auth=account.auth)
    shown: Json = answer.json()
    return shown


async def new_order(sandbox: Sandbox, account: Account, **fields: object) -> Json:
    wanted: Json = {"amount": 50000, "currency": "INR", **fields}
    return await call(sandbox, account, "POST", "/orders", wanted)


async def test_an_order(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    order = await new_order(sandbox, account, notes={"key1": "value1"})
    assert order.keys() == ORDERS[1].keys()
    assert order["notes"] == {"key1": "value1"}
    assert_types(order, ORDERS)
    assert (await new_order(sandbox, account))["notes"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("upi", "responses/payments.fetch-with-id.json"),
        ("wallet", "responses/payments.fetch-with-id.2.json"),
    ],
)
async def test_a_captured_payment(sandbox: Sandbox, method: str, path: str) -> None:
    account = await sandbox.register_account()
    order = await new_order(sandbox, account)
    handed = await sandbox.pay(order["id"], outcome="captured", method=method)  # type: ignore[arg-type]
    payment = await call(sandbox, account, "GET", f"/payments/{handed['razorpay_payment_id']}")
    assert payment.keys() == sample(path).keys()
    assert_types(payment, PAYMENTS)


async def test_fee_and_tax_are_those_of_the_vendors_samples(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    for known in (sample("responses/payments.fetch-with-id.2.json"), PAYMENTS[-1]):
        order = await new_order(sandbox, account, amount=known["amount"])
        handed = await sandbox.pay(order["id"], outcome="captured")
        payment = await call(sandbox, account, "GET", f"/payments/{handed['razorpay_payment_id']}")
        assert (payment["fee"], payment["tax"]) == (known["fee"], known["tax"])


async def test_a_refund(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    order = await new_order(sandbox, account)
    handed = await sandbox.pay(order["id"], outcome="captured")
    path = f"/payments/{handed['razorpay_payment_id']}/refund"
    refund = await call(sandbox, account, "POST", path, {"amount": 100})
    assert refund.keys() == REFUNDS[0].keys()
    assert_types(refund, REFUNDS)


async def events_by_name(sandbox: Sandbox, method: str) -> dict[str, Json]:
    """One of each event that the sandbox knows, for payments by this method."""
    account = await sandbox.register_account(refund_mode="manual")
    await sandbox.pay((await new_order(sandbox, account))["id"], outcome="failed", method=method)  # type: ignore[arg-type]
    handed = await sandbox.pay(
        (await new_order(sandbox, account))["id"],
        outcome="captured",
        method=method,  # type: ignore[arg-type]
    )
    refund = await sandbox.refund_in_dashboard(handed["razorpay_payment_id"], 30000)
    await sandbox.process_refund(refund["id"])
    await sandbox.fail_refund(refund["id"])
    return {one["event"]: json.loads(one["body"]) for one in await sandbox.webhooks(account)}


async def test_every_event_has_the_envelope_of_its_sample(sandbox: Sandbox) -> None:
    events = await events_by_name(sandbox, "netbanking")
    samples = {
        "payment.authorized": "payment.authorized.3.json",
        "payment.failed": "payment.failed.2.json",
        "payment.captured": "payment.captured.3.json",
        "order.paid": "order.paid.2.json",
        "refund.created": "refund.created.json",
        "refund.processed": "refund.processed.json",
        "refund.failed": "refund.failed.json",
    }
    assert events.keys() == samples.keys()
    for name, path in samples.items():
        known = sample(f"webhooks/{path}")
        assert events[name].keys() == known.keys()
        assert events[name]["contains"] == known["contains"]
        assert events[name]["payload"].keys() == known["payload"].keys()
        assert_types(events[name]["payload"]["payment"]["entity"], PAYMENTS)


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ("payment.authorized", "webhooks/payment.authorized.3.json"),
        ("payment.failed", "webhooks/payment.failed.2.json"),
        ("refund.created", "webhooks/refund.created.json"),
        ("refund.processed", "webhooks/refund.processed.json"),
        ("refund.failed", "webhooks/refund.failed.json"),
    ],
)
async def test_a_netbanking_payment_in_an_event_has_exactly_its_samples_keys(
    sandbox: Sandbox, event: str, path: str
) -> None:
    shown = (await events_by_name(sandbox, "netbanking"))[event]["payload"]["payment"]["entity"]
    assert shown.keys() == entity(path, "payment").keys()
    assert shown["acquirer_data"].keys() == entity(path, "payment")["acquirer_data"].keys()


async def test_a_card_payment_in_an_event_shows_its_card(sandbox: Sandbox) -> None:
    shown = (await events_by_name(sandbox, "card"))["payment.captured"]["payload"]["payment"]["entity"]
    known = entity("webhooks/payment.captured.1.json", "payment")
    assert shown["card"].keys() == known["card"].keys()
    assert_types(shown, PAYMENTS)


async def test_a_refusal(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shown = await call(sandbox, account, "POST", "/orders", {"amount": 1, "currency": "INR"})
    assert shown == sample("errors/orders.create.json")
    unknown = await sandbox.http.get("/razorpay/v1/orders", auth=("rzp_test_nobody", "x"))
    assert unknown.json() == sample("errors/orders.fetch-all-expanded-card-payments.json")
    bad_count = await call(sandbox, account, "GET", "/orders?count=0")
    assert bad_count == sample("errors/settlements.fetch-all.json")
