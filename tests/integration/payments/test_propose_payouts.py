"""A batch proposes to each doctor what is owed, and no more; an administrator decides, and nobody else sees it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from niyat.payments.commands.propose_payouts import propose_scheduled
from tests.support.payers import PAYING, WHY, Payer
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import ADMIN, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox


@pytest.fixture
def settings() -> Json:
    return {"commission_percent": 20, **PAYING}


@pytest.fixture
def payer(world: World) -> Payer:
    return Payer(world)


async def refund(payer: Payer, appointment_id: UUID, amount: int) -> None:
    """The desk gives something back after the visit."""
    world = payer.world
    payment_id = await world.db.fetchval(
        "SELECT payment_id FROM payment_transactions WHERE appointment_id = $1", appointment_id
    )
    assert (await world.refund(str(payment_id), amount, str(uuid4()))).status_code == 201
    refund_id = await world.db.fetchval(
        "SELECT refund_id FROM refunds WHERE appointment_id = $1", appointment_id
    )
    handed = await world.ask(
        "POST", f"/api/v1/payments/refunds/{refund_id}/handed-back", f"admin:{ADMIN}",
        {"method": "cash", "reason_code": "goodwill"},
    )  # fmt: skip
    assert handed.status_code == 200, handed.text


async def test_each_doctor_is_proposed_what_all_visits_earned_less_the_commission(payer: Payer) -> None:
    one, other, unpaid = (
        await payer.doctor(),
        await payer.doctor(paid_to="vpa"),
        await payer.doctor(paid_to=None),
    )
    for doctor_id in (one, one, other, unpaid):
        await payer.held(doctor_id)
    batch = await payer.propose()
    proposed = {UUID(item["doctor_id"]): (item["amount"], item["mode"]) for item in batch["items"]}
    assert proposed == {one: (80_000, "IMPS"), other: (40_000, "UPI")}
    assert (batch["status"], batch["payouts"], batch["amount"]) == ("proposed", 2, 120_000)
    again = await payer.admin("POST", "batches", WHY)
    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-pay-out")
    assert [row["owed"] for row in (await payer.admin("GET", "balances")).json()["items"]].count(40_000) == 2


async def test_what_was_earned_after_the_cut_off_or_is_frozen_waits(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    await payer.held(doctor_id)
    frozen = await payer.held(doctor_id, 30_000)
    before = str(datetime.now(UTC).date() - timedelta(days=2))
    refused = await payer.admin("POST", "batches", {**WHY, "until": before})
    assert refused.json()["code"] == "nothing-to-pay-out"
    owner = await asyncpg.connect(payer.world.clock_url)
    await owner.execute(
        f"CREATE OR REPLACE VIEW frozen_appointments AS SELECT '{frozen.appointment_id}'::uuid AS appointment_id"
    )
    await owner.close()
    assert [item["amount"] for item in (await payer.propose())["items"]] == [40_000]
    balance = await payer.balance(doctor_id)
    assert (balance["owed"], balance["frozen"]) == (64_000, 24_000)


@pytest.mark.failure_row(56)
async def test_a_refund_after_the_payout_is_a_debt_that_the_next_visits_pay_off(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    visit = await payer.held(doctor_id)
    await payer.approve(await payer.propose())
    await payer.settled()
    await refund(payer, visit.appointment_id, PRICE)
    assert (await payer.balance(doctor_id))["owed"] == -40_000
    refused = await payer.admin("POST", "batches", {**WHY, "until": "2099-12-31"})
    assert refused.json()["code"] == "nothing-to-pay-out"
    await payer.held(doctor_id, 75_000)
    assert [item["amount"] for item in (await payer.propose())["items"]] == [20_000]
    assert await payer.owed() | {"bank": 0, "gateway_fee": 0, "gst_input": 0} == {
        "doctor_payable": -20_000, "bank": 0, "gateway_fee": 0, "gst_input": 0,
    }  # fmt: skip


async def test_a_debt_is_booked_as_such_when_others_are_paid(payer: Payer) -> None:
    debtor, other = await payer.doctor(), await payer.doctor()
    visit = await payer.held(debtor)
    await payer.approve(await payer.propose())
    await payer.settled()
    await refund(payer, visit.appointment_id, PRICE)
    await payer.held(other)
    await payer.propose()
    owed = await payer.owed()
    assert (owed["doctor_receivable"], owed["doctor_payable"]) == (40_000, -40_000)


async def test_approval_leaves_out_who_is_owed_less_since_or_is_paid_elsewhere(payer: Payer) -> None:
    less, moved, same = await payer.doctor(), await payer.doctor(), await payer.doctor()
    visit = await payer.held(less)
    await payer.held(moved)
    await payer.held(same)
    batch = await payer.propose()
    await refund(payer, visit.appointment_id, 10_000)
    await payer.pay_to(moved, await payer.fund_account())
    approved = await payer.approve(batch)
    outcome = {
        UUID(item["doctor_id"]): (item["status"], item["failure_reason"]) for item in approved["items"]
    }
    assert outcome == {
        less: ("cancelled", "no-longer-owed"),
        moved: ("cancelled", "fund-account-changed"),
        same: ("approved", None),
    }
    assert len((await payer.propose())["items"]) == 2


async def test_a_batch_is_decided_once_however_many_decide(payer: Payer) -> None:
    await payer.held(await payer.doctor())
    batch = await payer.propose()
    path = f"batches/{batch['batch_id']}/approve"
    answers = await asyncio.gather(*(payer.admin("POST", path, WHY) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    first = await payer.admin("POST", path, WHY, "key")
    assert first.json()["code"] == "payout-batch-decided"
    assert (await payer.owed())["payout_pending"] == -40_000
    actions = await payer.world.db.fetch("SELECT action FROM audit_log ORDER BY id DESC LIMIT 2")
    assert [row["action"] for row in actions] == ["approve-payouts", "propose-payouts"]


async def test_what_is_left_out_or_discarded_stays_owed(payer: Payer) -> None:
    one, other = await payer.doctor(), await payer.doctor()
    await payer.held(one)
    await payer.held(other)
    batch = await payer.propose()
    left_out = batch["items"][0]["payout_id"]
    answer = await payer.admin("POST", f"{left_out}/cancel", WHY)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (await payer.admin("POST", f"{left_out}/cancel", WHY)).json()["code"] == "payout-not-pending"
    assert (await payer.admin("POST", f"batches/{batch['batch_id']}/discard", WHY)).status_code == 200
    shown = (await payer.admin("GET", f"batches/{batch['batch_id']}")).json()
    assert (shown["status"], {item["status"] for item in shown["items"]}) == ("discarded", {"cancelled"})
    assert len((await payer.propose())["items"]) == 2


async def test_a_payday_has_one_batch_however_often_its_job_runs(
    databases: Databases, sandbox: Sandbox
) -> None:
    daily = {**PAYING, "payout_schedule": "daily"}
    async with payments_world(databases, sandbox, **daily) as world:
        payer = Payer(world)
        await payer.held(await payer.doctor())
        await world.move(days=1)
        await asyncio.gather(*(propose_scheduled(world.parts) for _ in range(3)))
        batches = (await payer.admin("GET", "batches")).json()["items"]
        assert [(batch["payouts"], batch["proposed_by"]) for batch in batches] == [(1, None)]
        await world.audit()


async def test_only_the_doctor_and_administrators_see_a_doctors_money(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    payout_id = await payer.approved(doctor_id)
    own = payer.world.appointments.doctors[doctor_id]
    paths = [
        payout_id,
        f"doctors/{doctor_id}",
        f"doctors/{doctor_id}/balance",
        f"doctors/{doctor_id}/fund-account",
        f"doctors/{doctor_id}/statement.csv?from=2026-01-01&to=2026-12-31",
        f"doctors/{doctor_id}/statement.pdf?from=2026-01-01&to=2026-12-31",
    ]
    for path in paths:
        for who, status in ((f"doctor:{own}", 200), (f"doctor:{uuid4()}", 404), (f"patient:{own}", 404)):
            answer = await payer.world.ask("GET", f"/api/v1/payouts/{path}", who)
            assert answer.status_code == status, (path, who, answer.text)
    for method, path in (("GET", ""), ("GET", "/balances"), ("GET", "/batches"), ("POST", "/batches")):
        answer = await payer.world.ask(method, f"/api/v1/payouts{path}", f"doctor:{own}", WHY)
        assert answer.status_code == 403


async def test_a_fund_account_must_be_one_of_the_gateways_and_no_bank_detail_is_kept(payer: Payer) -> None:
    doctor_id = await payer.doctor(paid_to=None)
    unknown = await payer.pay_to(doctor_id, "fa_00000000000000")
    assert (unknown.status_code, unknown.json()["code"]) == (409, "fund-account-refused")
    nobody = await payer.pay_to(uuid4(), await payer.fund_account())
    assert (nobody.status_code, nobody.json()["code"]) == (404, "doctor-not-found")
    assert (await payer.pay_to(doctor_id, await payer.fund_account())).status_code == 200
    row = await payer.world.db.fetchrow("SELECT * FROM doctor_fund_accounts")
    assert row is not None
    assert set(row.keys()) == {
        "doctor_id", "fund_account_id", "account_type", "set_by", "created_at", "updated_at",
    }  # fmt: skip


async def test_where_no_account_is_set_up_nobody_is_paid_and_is_told_so(
    databases: Databases, sandbox: Sandbox
) -> None:
    async with payments_world(databases, sandbox) as world:
        payer = Payer(world)
        doctor_id = await payer.doctor(paid_to=None)
        await payer.held(doctor_id)
        for answer in (
            await payer.admin("POST", "batches", WHY),
            await payer.admin("POST", f"batches/{uuid4()}/approve", WHY),
            await payer.retry(str(uuid4())),
            await payer.pay_to(doctor_id, "fa_00000000000001"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "payouts-not-set-up")
        assert (await payer.balance(doctor_id))["owed"] == PRICE
        assert await propose_scheduled(world.parts) is None
