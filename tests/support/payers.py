"""Doctors to be paid: visits that were held, fund accounts at the sandbox, batches, and what the banks say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import ADMIN, World
from tests.support.sandbox import Json

ACCOUNT_NUMBER = "7878780080316316"
PAYING: Mapping[str, Any] = {
    "razorpayx_account_number": ACCOUNT_NUMBER,
    "payout_hold_back_days": 0,
    "payout_schedule": "off",
}
"""Settings with which a batch proposed by hand takes everything that was earned until now."""
WHY = {"reason": "Month's end"}


@dataclass
class Payer:
    """A clinic that pays its doctors."""

    world: World

    async def doctor(self, *, paid_to: str | None = "bank_account") -> UUID:
        """A doctor with an account to sign in with and, unless `paid_to` is None, one to be paid to."""
        doctor_id = uuid4()
        self.world.appointments.doctors[doctor_id] = uuid4()
        if paid_to is not None:
            answer = await self.pay_to(doctor_id, await self.fund_account(paid_to))
            assert answer.status_code == 200, answer.text
        return doctor_id

    async def fund_account(self, kind: str = "bank_account") -> str:
        """One at the sandbox; its id."""
        contact = await self.razorpay("POST", "/contacts", {"name": "Dr Asha Rao", "type": "vendor"})
        details: Json = {
            "bank_account": {"name": "Dr Asha Rao", "ifsc": "HDFC0000053", "account_number": "7" * 9}
        }
        if kind == "vpa":
            details = {"vpa": {"address": f"asha{uuid4().hex[:8]}@okaxis"}}
        else:
            details["bank_account"]["account_number"] = str(uuid4().int)[:15]
        wanted = {"contact_id": contact["id"], "account_type": kind, **details}
        return str((await self.razorpay("POST", "/fund_accounts", wanted))["id"])

    async def razorpay(self, method: str, path: str, body: Json | None = None) -> Json:
        async with httpx.AsyncClient(auth=self.world.account.auth, trust_env=False, timeout=30) as http:
            answer = await http.request(method, f"{self.world.sandbox.razorpay_url}/v1{path}", json=body)
        shown: Json = answer.raise_for_status().json()
        return shown

    async def pay_to(self, doctor_id: UUID, fund_account_id: str) -> httpx.Response:
        return await self.admin(
            "PUT", f"doctors/{doctor_id}/fund-account", {"fund_account_id": fund_account_id, **WHY}
        )

    async def admin(self, method: str, path: str, body: Json | None = None, key: str = "") -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        return await self.world.ask(
            method,
            f"/api/v1/payouts{'/' if path[:1] not in ('', '?') else ''}{path}",
            f"admin:{ADMIN}",
            body,
            headers=headers,
        )

    async def held(self, doctor_id: UUID, amount: int = PRICE) -> Visit:
        """A visit of this doctor that was paid at the desk and held."""
        visit = self.world.visit(amount)
        visit.doctor_id = doctor_id
        assert (await self.world.receive(visit, key=str(uuid4()))).status_code in (201, 202)
        await self.world.settle()
        await self.world.complete(visit)
        return visit

    async def propose(self, **more: str) -> Json:
        """A batch of all that was earned until now."""
        answer = await self.admin("POST", "batches", WHY | {"until": "2099-12-31"} | more)
        assert answer.status_code == 201, answer.text
        batch: Json = answer.json()
        return batch

    async def approve(self, batch: Json) -> Json:
        answer = await self.admin("POST", f"batches/{batch['batch_id']}/approve", WHY)
        assert answer.status_code == 200, answer.text
        approved: Json = answer.json()
        return approved

    async def approved(self, doctor_id: UUID, amount: int = PRICE) -> str:
        """The id of a payout of one visit that is approved and not yet sent."""
        await self.held(doctor_id, amount)
        batch = await self.approve(await self.propose())
        return next(str(item["payout_id"]) for item in batch["items"] if item["doctor_id"] == str(doctor_id))

    async def payout(self, payout_id: str) -> Json:
        answer = await self.admin("GET", payout_id)
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    async def retry(self, payout_id: str, key: str = "") -> httpx.Response:
        return await self.admin("POST", f"{payout_id}/retry", WHY, key)

    async def balance(self, doctor_id: UUID) -> Json:
        shown: list[Json] = (await self.admin("GET", f"doctors/{doctor_id}/balance")).json()
        return shown[0] if shown else {"owed": 0, "available": 0}

    async def settled(self) -> None:
        """Jobs, with time going by, until every payout is asked about to its end."""
        for _ in range(4):
            await self.world.settle()
            await self.world.move(seconds=70)
        await self.world.settle()

    async def behave(self, **how: object) -> None:
        await self.world.sandbox.behave(self.world.account, **how)

    async def paid_out(self) -> tuple[int, int]:
        """By the sandbox's own books: how much was paid out, in how many payouts made."""
        books = await self.world.sandbox.books(self.world.account)
        return books.paid_out, books.count("payout.created")

    async def owed(self) -> dict[str, int]:
        """The accounts of doctors and payouts, as far as they hold anything."""
        names = ("doctor_payable", "doctor_receivable", "payout_pending", "bank", "gateway_fee", "gst_input")
        return {name: held for name, held in (await self.world.ledger()).items() if name in names}
