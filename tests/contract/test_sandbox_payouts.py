"""RazorpayX: contacts, fund accounts and payouts, by the SDK's own client (it has no class for payouts)."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from razorpay.errors import BadRequestError

from tests.support.sandbox import Json, Sandbox
from tests.support.shop import Shop

ACCOUNT_NUMBER = "7878780080316316"
PATIENCE_SECONDS = 20
BANK = {"name": "Dr. Meera Iyer", "ifsc": "HDFC0000053", "account_number": "765432123456789"}


class Payer(Shop):
    """A merchant with a doctor to pay."""

    async def doctor(self) -> str:
        """A fund account's id."""
        contact = await self.post("/contacts", {"name": "Dr. Meera Iyer", "type": "vendor"})
        wanted = {"contact_id": contact["id"], "account_type": "bank_account", "bank_account": BANK}
        account_id: str = (await self.post("/fund_accounts", wanted))["id"]
        return account_id

    async def pay_doctor(self, fund_account_id: str, key: str | None = None, /, **more: object) -> Json:
        wanted = {
            "account_number": ACCOUNT_NUMBER,
            "fund_account_id": fund_account_id,
            "amount": 100_000,
            "currency": "INR",
            "mode": "IMPS",
            "purpose": "payout",
            **more,
        }
        headers = {"X-Payout-Idempotency": secrets.token_hex(8) if key is None else key}
        return await self.call(self.client.post, "/v1/payouts", wanted, headers=headers)

    async def post(self, path: str, body: Json) -> Json:
        return await self.call(self.client.post, f"/v1{path}", body)

    async def payout(self, payout_id: str) -> Json:
        return await self.call(self.client.get, f"/v1/payouts/{payout_id}", {})

    async def becomes(self, payout_id: str, status: str) -> Json:
        """The payout once it has `status`, while the sandbox runs on. Fails after a while."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.payout(payout_id))["status"] != status:
                await asyncio.sleep(0.02)
        return found

    async def told(self) -> list[str]:
        return [one["event"] for one in await self.sandbox.webhooks(self.account)]


async def payer(sandbox: Sandbox, **behaviour: object) -> Payer:
    account = await sandbox.register_account()
    await sandbox.behave(account, **behaviour)
    return Payer(sandbox, account)


async def test_a_payout_begins_is_processed_and_told(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox, payout_balance=200_000)
    begun = await clinic.pay_doctor(await clinic.doctor(), narration="October visits")
    assert (begun["status"], begun["fees"], begun["tax"], begun["utr"]) == ("processing", 590, 90, None)
    done = await clinic.payout(begun["id"])
    assert (done["status"], done["status_details"]["reason"]) == ("processed", "payout_processed")
    assert done["utr"] is not None
    assert await clinic.told() == ["payout.initiated", "payout.processed", "payout.updated"]
    assert (await sandbox.books(clinic.account)).paid_out == 100_000
    assert await sandbox.add_funds(clinic.account, 0) == 200_000 - 100_590


async def test_the_idempotency_key_is_mandatory_and_pays_once(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox)
    doctor = await clinic.doctor()
    with pytest.raises(BadRequestError, match="Idempotency key is missing"):
        await clinic.pay_doctor(doctor, "")
    for bad in ("abc", "x" * 37, "with/slash"):
        with pytest.raises(BadRequestError, match="between 4 and 36"):
            await clinic.pay_doctor(doctor, bad)
    first = await clinic.pay_doctor(doctor, "payout 0001-a_b")
    again = await clinic.pay_doctor(doctor, "payout 0001-a_b")
    assert (again["id"], again["status"]) == (first["id"], "processed")
    with pytest.raises(BadRequestError, match="Different request body"):
        await clinic.pay_doctor(doctor, "payout 0001-a_b", amount=200_000)
    assert (await sandbox.books(clinic.account)).count("payout.created") == 1


async def test_a_processed_payout_may_be_reversed_days_later(moving_sandbox: Sandbox) -> None:
    clinic = await payer(moving_sandbox, payout_balance=200_000)
    begun = await clinic.pay_doctor(await clinic.doctor())
    await moving_sandbox.shift_clock(3 * 86400)
    back = await moving_sandbox.decide_payout(begun["id"], "reverse")
    assert (back["status"], back["status_details"]["reason"]) == ("reversed", "beneficiary_bank_offline")
    assert await moving_sandbox.add_funds(clinic.account, 0) == 200_000
    assert (await moving_sandbox.books(clinic.account)).paid_out == 0
    with pytest.raises(AssertionError, match="from reversed to processed"):
        await moving_sandbox.decide_payout(begun["id"], "process")


async def test_a_failed_payout_keeps_its_key_and_a_new_key_pays(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox, payout_mode="manual", payout_balance=200_000)
    doctor = await clinic.doctor()
    begun = await clinic.pay_doctor(doctor, "try-1")
    failed = await sandbox.decide_payout(begun["id"], "fail", reason="imps_not_allowed")
    assert (failed["status"], failed["status_details"]["reason"]) == ("failed", "imps_not_allowed")
    assert (await clinic.pay_doctor(doctor, "try-1"))["status"] == "failed"
    second = await clinic.pay_doctor(doctor, "try-2", mode="NEFT")
    await sandbox.decide_payout(second["id"], "process")
    assert (await sandbox.books(clinic.account)).paid_out == 100_000
    assert await sandbox.add_funds(clinic.account, 0) == 200_000 - 100_590


async def test_without_money_a_payout_queues_or_is_refused(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox, payout_balance=50_000)
    doctor = await clinic.doctor()
    with pytest.raises(BadRequestError, match="enough balance to carry out the payout"):
        await clinic.pay_doctor(doctor)
    queued = await clinic.pay_doctor(doctor, queue_if_low_balance=True)
    gone = await clinic.pay_doctor(doctor, queue_if_low_balance=True)
    assert (queued["status"], queued["status_details"]["reason"], queued["fees"]) == (
        "queued",
        "low_balance",
        0,
    )
    cancelled = await clinic.post(f"/payouts/{gone['id']}/cancel", {})
    assert cancelled["status"] == "cancelled"
    await sandbox.add_funds(clinic.account, 100_000)
    await clinic.becomes(queued["id"], "processed")
    with pytest.raises(BadRequestError, match="cannot be cancelled"):
        await clinic.post(f"/payouts/{queued['id']}/cancel", {})


async def test_a_payout_queued_for_three_months_fails(own_sandbox: Sandbox) -> None:
    clinic = await payer(own_sandbox, payout_balance=0)
    queued = await clinic.pay_doctor(await clinic.doctor(), queue_if_low_balance=True)
    await own_sandbox.shift_clock(93 * 86400)
    failed = await clinic.becomes(queued["id"], "failed")
    assert failed["status_details"] == {
        "reason": "low_balance",
        "description": "Payout failed as it was queued for more than 3 months",
        "source": "business",
    }
    assert (await own_sandbox.books(clinic.account)).paid_out == 0


async def test_where_approval_is_required_a_payout_waits_for_it(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox, payout_approval="required")
    doctor = await clinic.doctor()
    one, other = await clinic.pay_doctor(doctor), await clinic.pay_doctor(doctor)
    assert one["status"] == other["status"] == "pending"
    assert (await clinic.post(f"/payouts/{one['id']}/approve", {}))["status"] == "processing"
    assert (await clinic.post(f"/payouts/{other['id']}/reject", {}))["status"] == "rejected"
    with pytest.raises(BadRequestError, match="not in pending state"):
        await clinic.post(f"/payouts/{other['id']}/approve", {})
    assert sorted(set(await clinic.told())) == [
        "payout.initiated",
        "payout.pending",
        "payout.processed",
        "payout.rejected",
        "payout.updated",
    ]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"account_number": "1"}, "account number is invalid"),
        ({"amount": 99}, "at least INR 1.00"),
        ({"currency": "USD"}, "Currency is not supported"),
        ({"mode": "imps"}, "mode is invalid"),
        ({"mode": "UPI"}, "mode is invalid"),
        ({"mode": "RTGS"}, "not possible by RTGS"),
        ({"amount": 5_00_001_00}, "not possible by IMPS"),
        ({"purpose": "gift"}, "Invalid purpose: gift"),
        ({"narration": "No. 5, doctors!"}, "narration format"),
        ({"narration": "x" * 31}, "30 characters"),
        ({"reference_id": "x" * 41}, "40 characters"),
        ({"fund_account_id": "fa_00000000000000"}, "does not exist"),
        ({"colour": "red"}, "should not be sent"),
        ({"notes": {str(number): "x" for number in range(16)}}, "15"),
    ],
)
async def test_a_bad_payout_is_refused_without_effect(sandbox: Sandbox, fields: Json, complaint: str) -> None:
    clinic = await payer(sandbox)
    doctor = await clinic.doctor()
    with pytest.raises(BadRequestError, match=complaint):
        await clinic.pay_doctor(doctor, "key-1", **{"fund_account_id": doctor, **fields})
    assert (await sandbox.books(clinic.account)).payouts == []
    assert (await clinic.pay_doctor(doctor, "key-1"))["status"] == "processing"


async def test_the_same_contact_and_fund_account_are_found_again(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox)
    doctor = await clinic.doctor()
    assert await clinic.doctor() == doctor
    found = await clinic.call(clinic.client.fund_account.all, {"contact_id": "cont_0"})
    assert found["items"] == []
    [account] = (await clinic.call(clinic.client.fund_account.all))["items"]
    assert (account["bank_account"]["bank_name"], account["bank_account"]["ifsc"]) == (
        "HDFC Bank",
        "HDFC0000053",
    )
    await clinic.call(clinic.client.patch, f"/v1/fund_accounts/{doctor}", {"active": False})
    with pytest.raises(BadRequestError, match="inactive"):
        await clinic.pay_doctor(doctor)


async def test_a_contact_is_edited_and_bad_ones_are_refused(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox)
    contact = await clinic.post("/contacts", {"name": "Gaurav Kumar", "email": "g@example.com"})
    edited = await clinic.call(clinic.client.patch, f"/v1/contacts/{contact['id']}", {"type": "vendor"})
    assert edited == contact | {"type": "vendor"}
    for body, complaint in (
        ({}, "name field is required"),
        ({"name": "ab"}, "name field is invalid"),
        ({"name": "Rao!"}, "name field is invalid"),
        ({"name": "Asha Rao", "type": "friend"}, "Invalid type: friend"),
    ):
        with pytest.raises(BadRequestError, match=complaint):
            await clinic.post("/contacts", body)
    for account, complaint in (
        ({**BANK, "ifsc": "HDFC"}, "IFSC must be 11"),
        ({**BANK, "account_number": "1-2"}, "account number format"),
    ):
        with pytest.raises(BadRequestError, match=complaint):
            await clinic.post(
                "/fund_accounts",
                {"contact_id": contact["id"], "account_type": "bank_account", "bank_account": account},
            )


async def test_payouts_are_listed_by_reference(sandbox: Sandbox) -> None:
    clinic = await payer(sandbox)
    doctor = await clinic.doctor()
    wanted = await clinic.pay_doctor(doctor, reference_id="batch-7")
    await clinic.pay_doctor(doctor, reference_id="batch-8")
    query = {"account_number": ACCOUNT_NUMBER, "reference_id": "batch-7"}
    [found] = (await clinic.call(clinic.client.get, "/v1/payouts", query))["items"]
    assert found["id"] == wanted["id"]


@pytest.mark.parametrize(
    ("kind", "payouts"), [("timeout-before", 0), ("timeout-after", 1), ("lose-answer", 1)]
)
async def test_a_payout_whose_answer_is_lost_is_found_by_its_key(
    sandbox: Sandbox, kind: str, payouts: int
) -> None:
    clinic = await payer(sandbox)
    doctor = await clinic.doctor()
    await sandbox.add_fault(clinic.account, "payouts.create", kind)  # type: ignore[arg-type]
    with pytest.raises(OSError):
        await clinic.pay_doctor(doctor, "key-1")
    assert len((await sandbox.books(clinic.account)).payouts) == payouts
    await clinic.pay_doctor(doctor, "key-1")
    assert (await sandbox.books(clinic.account)).paid_out == 100_000
