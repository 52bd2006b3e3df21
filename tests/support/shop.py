"""A merchant of the sandbox with the vendor's official SDK in hand."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Literal

import razorpay

from tests.support.sandbox import Account, Json, Sandbox

Method = Literal["card", "upi", "netbanking", "wallet"]

MANUAL = {"capture": "manual", "capture_options": {"manual_expiry_period": 60, "refund_speed": "normal"}}


class Shop:
    """A merchant with the SDK in hand; its blocking calls run in a thread."""

    def __init__(self, sandbox: Sandbox, account: Account) -> None:
        self.sandbox, self.account = sandbox, account
        self.client: Any = razorpay.Client(auth=account.auth, base_url=sandbox.razorpay_url)

    async def call(self, method: Callable[..., Any], *args: Any, **options: Any) -> Json:
        options.setdefault("timeout", 5)
        answer: Json = await asyncio.to_thread(method, *args, **options)
        return answer

    async def order(self, **fields: Any) -> Json:
        wanted = {"amount": 50000, "currency": "INR", "receipt": secrets.token_hex(8), "payment": MANUAL}
        return await self.call(self.client.order.create, wanted | fields)

    async def refund(self, payment_id: str, body: Json, key: str) -> Json:
        headers = {"X-Refund-Idempotency": key}
        return await self.call(self.client.payment.refund, payment_id, body, headers=headers)

    async def paid_visit(self, method: Method = "upi", amount: int = 50000) -> str:
        """A captured payment of an order of its own; its id."""
        order = await self.order(amount=amount)
        handed = await self.sandbox.pay(order["id"], outcome="captured", method=method)
        payment_id: str = handed["razorpay_payment_id"]
        return payment_id
