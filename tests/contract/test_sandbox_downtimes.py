"""Downtimes as the vendor's SDK and its webhooks show them."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox import Sandbox
from tests.support.shop import Shop


async def test_a_downtime_starts_grows_worse_and_ends(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    started = await sandbox.start_downtime(account, method="netbanking", instrument={"bank": "SBIN"})
    assert (started["status"], started["end"]) == ("started", None)
    updated = await sandbox.update_downtime(started["id"], "low")
    assert await shop.call(shop.client.payment.fetchDownTimeById, started["id"]) == updated
    resolved = await sandbox.resolve_downtime(started["id"])
    assert (resolved["status"], resolved["severity"], resolved["end"]) == (
        "resolved",
        "low",
        resolved["updated_at"],
    )
    assert (await shop.call(shop.client.payment.fetchDownTime))["items"] == [resolved]
    events = [json.loads(one["body"]) for one in await sandbox.webhooks(account)]
    assert [event["event"] for event in events] == [
        "payment.downtime.started",
        "payment.downtime.updated",
        "payment.downtime.resolved",
    ]
    last = events[-1]["payload"]["payment.downtime"]["entity"]
    assert last == resolved | {"instrument_schema": ["bank"]}
    with pytest.raises(AssertionError, match="resolved already"):
        await sandbox.resolve_downtime(started["id"])


async def test_a_downtime_is_the_accounts_own(sandbox: Sandbox) -> None:
    await sandbox.start_downtime(await sandbox.register_account())
    stranger = Shop(sandbox, await sandbox.register_account())
    assert (await stranger.call(stranger.client.payment.fetchDownTime))["count"] == 0
