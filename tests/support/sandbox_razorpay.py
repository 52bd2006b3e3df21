"""The gateway's side of a sandbox: merchants, their books, and what patients and banks do with money."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

from tests.support.sandbox_controls import Controls, Json


@dataclass(frozen=True)
class Account:
    """A merchant: `razorpay.Client(auth=account.auth, base_url=sandbox.razorpay_url)`."""

    key_id: str
    key_secret: str
    account_id: str
    webhook_url: str
    webhook_secret: str

    @property
    def auth(self) -> tuple[str, str]:
        return self.key_id, self.key_secret


@dataclass(frozen=True)
class Statement:
    """What really happened, by the sandbox's own books. Amounts in minor units."""

    orders: list[Json]
    captured: int
    refunded: int
    """Of captured money; failed refunds do not count."""
    authorized: int
    """Held now, not captured."""
    released: int
    """Was authorized, went back uncaptured."""
    settled: int
    """Sent to the merchant's bank, net of fees, refunds and disputes."""
    deducted: int
    """Lost in disputes."""
    paid_out: int
    """Processed payouts."""
    disputes: list[Json]
    settlements: list[Json]
    payouts: list[Json]
    effects: list[Json]

    @property
    def payments(self) -> list[Json]:
        return [payment for order in self.orders for payment in order["payments"]]

    @property
    def refunds(self) -> list[Json]:
        return [refund for payment in self.payments for refund in payment["refunds"]]

    def count(self, effect: str) -> int:
        """How often an effect such as `refund.created` took place."""
        return sum(entry["effect"] == effect for entry in self.effects)


class RazorpayControls(Controls):
    @property
    def razorpay_url(self) -> str:
        """`base_url` of the vendor's SDK, which adds /v1 itself."""
        return f"{self.process.url}/razorpay"

    async def register_account(
        self,
        webhook_url: str = "",
        *,
        default_capture: Literal["automatic", "manual"] = "automatic",
        refund_mode: Literal["auto", "manual"] = "auto",
    ) -> Account:
        """A merchant of this test's own. `refund_mode` manual leaves refunds pending until decided."""
        account = await self._register(
            "rzp_test_" + secrets.token_hex(7), secrets.token_hex(12), webhook_url, secrets.token_hex(12)
        )
        await self._call(
            "PATCH",
            f"/control/accounts/{account.key_id}",
            {"default_capture": default_capture, "refund_mode": refund_mode},
        )
        return account

    async def rotate_webhook_secret(self, account: Account) -> Account:
        """Events that exist already stay signed with the previous secret."""
        return await self._register(
            account.key_id, account.key_secret, account.webhook_url, secrets.token_hex(12)
        )

    async def move_webhook(self, account: Account, webhook_url: str) -> Account:
        return await self._register(account.key_id, account.key_secret, webhook_url, account.webhook_secret)

    async def books(self, account: Account) -> Statement:
        shown = await self._call("GET", f"/control/accounts/{account.key_id}/books")
        totals = shown.pop("totals")
        del shown["account"]
        return Statement(**shown, **totals)

    async def behave(self, account: Account, **settings: object) -> None:
        """Change how the account's money behaves; the names are those of `Behaviour` in the sandbox's
        control: default_capture, refund_mode, instant_refunds, low_balance, settlement_days, payout_mode,
        payout_approval, payout_balance, payout_account_number.
        """
        await self._call("PATCH", f"/control/accounts/{account.key_id}", settings)

    async def pay(
        self,
        order_id: str,
        *,
        outcome: Literal["authorized", "captured", "failed", "pending"] = "authorized",
        method: Literal["card", "upi", "netbanking", "wallet"] = "upi",
        **more: object,
    ) -> Json:
        """Be the patient at the checkout; what checkout.js would hand to the page.

        `more`: amount, currency, email, contact, description, notes, error, force, webhooks_first.
        """
        return await self._call(
            "POST", f"/control/orders/{order_id}/pay", {"outcome": outcome, "method": method, **more}
        )

    async def authorize_late(self, payment_id: str, *, force: bool = False) -> Json:
        """The bank says yes after all, to a pending or failed payment."""
        return await self._call("POST", f"/control/payments/{payment_id}/authorize", {"force": force})

    async def fail_payment(self, payment_id: str, **error: str) -> Json:
        return await self._call("POST", f"/control/payments/{payment_id}/fail", error)

    async def capture_in_dashboard(self, payment_id: str) -> Json:
        return await self._call("POST", f"/control/payments/{payment_id}/capture")

    async def refund_in_dashboard(self, payment_id: str, amount: int | None = None) -> Json:
        return await self._call("POST", f"/control/payments/{payment_id}/refund", {"amount": amount})

    async def auto_refund(self, payment_id: str) -> Json:
        """The capture window ends: the authorized money goes back."""
        return await self._call("POST", f"/control/payments/{payment_id}/auto-refund")

    async def process_refund(self, refund_id: str) -> Json:
        return await self._call("POST", f"/control/refunds/{refund_id}/process")

    async def fail_refund(self, refund_id: str) -> Json:
        """Also of a refund that was processed already."""
        return await self._call("POST", f"/control/refunds/{refund_id}/fail")

    async def slow_refund(self, refund_id: str) -> Json:
        """A pending instant refund goes on at the normal speed."""
        return await self._call("POST", f"/control/refunds/{refund_id}/slow-down")

    async def _register(self, key_id: str, key_secret: str, webhook_url: str, webhook_secret: str) -> Account:
        wanted = {
            "key_id": key_id,
            "key_secret": key_secret,
            "webhook_url": webhook_url,
            "webhook_secret": webhook_secret,
        }
        made = await self._call("POST", "/control/accounts", wanted)
        return Account(account_id=made["account_id"], **wanted)
