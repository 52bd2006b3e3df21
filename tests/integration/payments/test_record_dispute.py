"""A disputed payment: its money is frozen, the gateway's word decides, and every end is booked once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from niyat.payments.commands.ask_disputes import ask_disputes
from niyat.payments.commands.record_dispute import record_dispute
from niyat.payments.disputes import DisputeStatus
from niyat.payments.records import DisputeFact
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World
from tests.support.sandbox import Json
from tests.support.settling import FEE, paid


async def disputed(world: World, attempt: str, **more: object) -> Json:
    """A dispute whose webhooks arrive."""
    dispute = await world.sandbox.dispute(attempt, **more)
    await tell(world)
    return dispute


async def tell(world: World) -> None:
    await world.deliver_all([one for one in await world.webhooks() if "dispute" in one["body"]])
    await world.settle()
    await world.db.execute("UPDATE disputes SET next_at = niyat_now() WHERE decided_at IS NULL")
    await world.settle()


async def known(world: World) -> list[Json]:
    return [
        dict(row) for row in await world.db.fetch("SELECT * FROM disputes ORDER BY opened_at, dispute_id")
    ]


async def frozen(world: World) -> int:
    return int(await world.db.fetchval("SELECT count(*) FROM frozen_appointments"))


@pytest.mark.failure_row(29)
async def test_an_open_dispute_takes_no_money_but_freezes_its_visits_refunds(world: World) -> None:
    visit, begun, attempt = await paid(world)
    before = await world.ledger()
    await disputed(world, attempt)
    assert [one["status"] for one in await known(world)] == ["open"]
    assert await world.ledger() == before
    assert await frozen(world) == 1
    refused = await world.refund(begun["payment_id"], 100, "k")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment-disputed")
    await world.cancel(visit)
    await world.settle()
    assert (await world.sandbox.books(world.account)).refunded == 0
    assert [one["status"] for one in (await world.payment(begun["payment_id"]))["refunds"]] == ["pending"]


@pytest.mark.failure_row(29)
async def test_the_doctors_payout_of_a_disputed_visit_waits_until_it_is_decided(world: World) -> None:
    visit, _, attempt = await paid(world)
    await world.complete(visit)
    dispute = await disputed(world, attempt)
    assert await owed(world, visit) == (PRICE, PRICE, 0)
    await world.sandbox.decide_dispute(dispute["id"], "won")
    await tell(world)
    assert await owed(world, visit) == (PRICE, 0, PRICE)


async def owed(world: World, visit: Visit) -> tuple[int, int, int]:
    """What the doctor is owed, what of it is frozen, and what may be paid out."""
    (row,) = await world.db.fetch(
        "SELECT owed, frozen, available FROM doctor_balances(niyat_now() + interval '1 day', $1)",
        visit.doctor_id,
    )
    return row["owed"], row["frozen"], row["available"]


async def test_a_won_dispute_lets_the_waiting_refund_go(world: World) -> None:
    visit, begun, attempt = await paid(world)
    dispute = await disputed(world, attempt)
    await world.cancel(visit)
    await world.sandbox.decide_dispute(dispute["id"], "won")
    await tell(world)
    assert await frozen(world) == 0
    assert [one["status"] for one in (await world.payment(begun["payment_id"]))["refunds"]] == ["processed"]
    assert (await world.sandbox.books(world.account)).refunded == PRICE
    assert "chargeback_loss" not in await world.ledger()


async def test_a_lost_dispute_is_a_loss_booked_once(world: World) -> None:
    _, _, attempt = await paid(world)
    dispute = await disputed(world, attempt, amount=20_000)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    await tell(world)
    await tell(world)
    ledger = await world.ledger()
    assert ledger["chargeback_loss"] == 20_000
    assert ledger["gateway_clearing"] == PRICE - FEE - 20_000
    assert "dispute_hold" not in ledger
    assert await frozen(world) == 0
    assert not await world.db.fetch("SELECT * FROM double_losses")


async def test_what_a_lost_dispute_gave_back_is_not_refunded_once_more(world: World) -> None:
    visit, begun, attempt = await paid(world)
    dispute = await disputed(world, attempt)
    await world.cancel(visit)
    await world.settle()
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    await tell(world)
    books = await world.sandbox.books(world.account)
    assert (books.refunded, books.deducted) == (0, PRICE)
    shown = await world.payment(begun["payment_id"])
    assert (shown["status"], [one["status"] for one in shown["refunds"]]) == ("refunded", ["processed"])
    assert await world.ledger() == {
        "gateway_clearing": -FEE, "gateway_fee": 1000, "gst_input": 180,
    }  # fmt: skip


async def test_of_a_refund_larger_than_the_dispute_only_the_rest_is_sent(world: World) -> None:
    visit, begun, attempt = await paid(world)
    dispute = await disputed(world, attempt, amount=20_000)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    await tell(world)
    await world.cancel(visit)
    await world.settle()
    books = await world.sandbox.books(world.account)
    assert (books.refunded, books.deducted) == (PRICE - 20_000, 20_000)
    statuses = sorted(one["status"] for one in (await world.payment(begun["payment_id"]))["refunds"])
    assert statuses == ["processed", "processed", "superseded"]
    assert "chargeback_loss" not in await world.ledger()


async def test_an_administrator_cannot_refund_what_a_dispute_took(world: World) -> None:
    _, begun, attempt = await paid(world)
    dispute = await disputed(world, attempt, amount=20_000)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    await tell(world)
    refused = await world.refund(begun["payment_id"], PRICE, "all")
    assert (refused.status_code, refused.json()["refundable"]) == (409, PRICE - 20_000)
    assert (await world.refund(begun["payment_id"], 10_000, "some")).status_code == 201


@pytest.mark.failure_row(30)
async def test_a_dispute_lost_after_the_refund_is_recorded_once_and_named_a_double_loss(world: World) -> None:
    _, begun, attempt = await paid(world)
    await world.refund(begun["payment_id"], PRICE, "k")
    await world.settle()
    dispute = await disputed(world, attempt)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    for _ in range(2):
        await tell(world)
    assert (await world.ledger())["chargeback_loss"] == PRICE
    twice = await world.db.fetch("SELECT gateway_payment_id, amount FROM double_losses")
    assert [tuple(row) for row in twice] == [(attempt, PRICE)]


async def test_of_a_won_dispute_what_was_not_contested_is_lost(world: World) -> None:
    _, _, attempt = await paid(world)
    dispute = await disputed(world, attempt)
    document = await world.parts.gateway.call(  # type: ignore[attr-defined]
        lambda client, how: client.dispute.contest(
            dispute["id"], {"action": "draft", "amount": 30_000, "summary": "held"}, **how
        ),
        dict,
    )
    assert document["evidence"]["amount"] == 30_000
    await world.sandbox.decide_dispute(dispute["id"], "won")
    await tell(world)
    assert (await world.ledger())["chargeback_loss"] == PRICE - 30_000


async def test_a_decided_dispute_in_the_gateways_list_is_an_error_only_when_it_is_told_otherwise(
    world: World,
) -> None:
    _, _, attempt = await paid(world)
    dispute = await disputed(world, attempt)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    await tell(world)
    with capture_logs() as logs:
        await world.move(hours=2)
        await world.settle()
        assert "a decided dispute is told of otherwise" not in {line["event"] for line in logs}
        otherwise = replace(_fact(attempt, DisputeStatus.WON, 0), gateway_dispute_id=dispute["id"])
        await world.db.run(record_dispute, otherwise, source="gateway")
    assert "a decided dispute is told of otherwise" in {line["event"] for line in logs}
    assert [one["status"] for one in await known(world)] == ["lost"]


@pytest.mark.parametrize("order", ["newest-first", "oldest-first"])
async def test_webhooks_in_any_order_end_where_the_gateway_says(world: World, order: str) -> None:
    _, _, attempt = await paid(world)
    dispute = await world.sandbox.dispute(attempt)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    events = [one for one in await world.webhooks() if "dispute" in one["body"]]
    for event in events if order == "oldest-first" else events[::-1]:
        await world.deliver_all([event, event])
        await world.settle()
    assert [one["status"] for one in await known(world)] == ["lost"]
    assert (await world.ledger())["chargeback_loss"] == PRICE


async def test_a_dispute_whose_webhooks_were_lost_is_found_in_the_gateways_list(world: World) -> None:
    _, _, attempt = await paid(world)
    await world.sandbox.dispute(attempt)
    await world.move(hours=2)
    await world.settle()
    assert [one["status"] for one in await known(world)] == ["open"]


async def test_a_dispute_is_asked_about_again_when_the_gateway_was_silent(world: World) -> None:
    _, _, attempt = await paid(world)
    dispute = await disputed(world, attempt)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    await world.sandbox.add_fault(world.account, "disputes.fetch", "http-500-json")
    await world.db.execute("UPDATE disputes SET next_at = niyat_now()")
    await ask_disputes(world.parts)
    assert [one["status"] for one in await known(world)] == ["open"]
    await world.move(hours=1)
    await world.settle()
    assert [one["status"] for one in await known(world)] == ["lost"]


async def test_a_dispute_of_no_payment_of_ours_is_left_alone(world: World) -> None:
    fact = _fact("pay_nobodys", DisputeStatus.OPEN, 0)
    assert await world.db.run(record_dispute, fact, source="gateway") is None
    assert not await known(world)


async def test_money_that_the_gateway_holds_back_while_it_is_open_comes_back_when_it_is_won(
    world: World,
) -> None:
    """Not how the gateway describes itself, but whatever it takes is booked."""
    _, _, attempt = await paid(world)
    before = await world.ledger()
    for _ in range(2):
        await world.db.run(record_dispute, _fact(attempt, DisputeStatus.OPEN, PRICE), source="gateway")
    held = await world.ledger()
    assert (held["dispute_hold"], held["gateway_clearing"]) == (PRICE, before["gateway_clearing"] - PRICE)
    await world.db.run(record_dispute, _fact(attempt, DisputeStatus.WON, 0), source="gateway")
    assert await world.ledger() == before


def _fact(attempt: str, status: DisputeStatus, deducted: int) -> DisputeFact:
    return DisputeFact(
        "disp_1", attempt, status, "chargeback", "fraud", PRICE, "INR", deducted, None, datetime.now(UTC)
    )
