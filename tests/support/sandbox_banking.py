"""What the gateway and banks do with a merchant's money later: disputes, settlements, payouts, downtimes."""

from __future__ import annotations

from typing import Literal

from tests.support.sandbox_controls import Controls, Json
from tests.support.sandbox_razorpay import Account


class BankingControls(Controls):
    async def dispute(self, payment_id: str, **more: object) -> Json:
        """The patient's bank objects. `more`: amount, phase, reason_code, respond_seconds."""
        return await self._call("POST", f"/control/payments/{payment_id}/dispute", more)

    async def decide_dispute(
        self, dispute_id: str, verdict: Literal["won", "lost", "closed", "action-required"]
    ) -> Json:
        return await self._call("POST", f"/control/disputes/{dispute_id}/{verdict}")

    async def settle(
        self, account: Account, outcome: Literal["processed", "created", "failed"] = "processed"
    ) -> Json:
        """A settlement of everything that is not settled yet."""
        return await self._call("POST", f"/control/accounts/{account.key_id}/settle", {"outcome": outcome})

    async def decide_settlement(self, settlement_id: str, verdict: Literal["process", "fail"]) -> Json:
        return await self._call("POST", f"/control/settlements/{settlement_id}/{verdict}")

    async def spoil_report(
        self,
        settlement_id: str,
        flaw: Literal["missing", "doubled", "one-paisa-off", "unknown"],
        entity_id: str | None = None,
    ) -> Json:
        """Make one row of a processed settlement's report wrong; that row as it was (`unknown`: as it is)."""
        return await self._call(
            "POST", f"/control/settlements/{settlement_id}/spoil", {"flaw": flaw, "entity_id": entity_id}
        )

    async def decide_payout(
        self,
        payout_id: str,
        verdict: Literal["process", "fail", "reverse", "approve", "reject", "cancel"],
        **more: str,
    ) -> Json:
        """`more`: reason, description, source. `reverse` also of a processed payout."""
        return await self._call("POST", f"/control/payouts/{payout_id}/{verdict}", more)

    async def add_funds(self, account: Account, amount: int) -> int:
        """Into the business account that payouts are paid from; what is in it then."""
        shown = await self._call("POST", f"/control/accounts/{account.key_id}/funds", {"amount": amount})
        return int(shown["payout_balance"])

    async def start_downtime(self, account: Account, **more: object) -> Json:
        """`more`: method, severity, instrument."""
        return await self._call("POST", f"/control/accounts/{account.key_id}/downtimes", more)

    async def update_downtime(self, downtime_id: str, severity: Literal["low", "medium", "high"]) -> Json:
        return await self._call("POST", f"/control/downtimes/{downtime_id}/update", {"severity": severity})

    async def resolve_downtime(self, downtime_id: str) -> Json:
        return await self._call("POST", f"/control/downtimes/{downtime_id}/resolve")
