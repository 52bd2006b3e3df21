"""The sandbox of a test run, with every control of it as a typed method.

`Sandbox` belongs to one test; the process behind it is shared by many tests of a worker. Tests stay apart by
registering an account each (`register_account`) and by using addresses and numbers of their own. A clock is shared and
only moves forward, so there are two such processes: one whose clock must not be moved, and one for the tests that do.
"""

from __future__ import annotations

from types import TracebackType
from typing import Literal, Self

from tests.support.sandbox_banking import BankingControls
from tests.support.sandbox_channels import ChannelControls, PhoneAccount, PushProject
from tests.support.sandbox_controls import Json
from tests.support.sandbox_razorpay import Account, RazorpayControls, Statement
from tests.support.sandbox_video import DailyAccount, VideoControls
from tests.support.sandbox_webhooks import WebhookControls

__all__ = ["Account", "DailyAccount", "Json", "Kind", "PhoneAccount", "PushProject", "Sandbox", "Statement"]


Kind = Literal[
    "lose-request",
    "lose-answer",
    "timeout-before",
    "timeout-after",
    "late-effect",
    "reset",
    "slow",
    "http-400",
    "http-429",
    "http-500-json",
    "http-502-html",
]


class Sandbox(RazorpayControls, BankingControls, WebhookControls, ChannelControls, VideoControls):
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    # Faults

    async def add_fault(
        self,
        account: Account | PhoneAccount | DailyAccount | PushProject,
        operation: str,
        kind: Kind,
        *,
        times: int = 1,
        seconds: float = 0,
        after_effect: bool = False,
        description: str | None = None,
    ) -> None:
        """The next `times` calls of `operation` (`orders.create`, `payments.refund`, …, `*`) go wrong."""
        match account:
            case Account():
                key = account.key_id
            case PhoneAccount():
                key = account.sid
            case DailyAccount():
                key = account.api_key
            case PushProject():
                key = account.project_id
        await self._call(
            "POST",
            "/control/faults",
            {
                "key_id": key,
                "operation": operation,
                "kind": kind,
                "times": times,
                "seconds": seconds,
                "after_effect": after_effect,
                "description": description,
            },
        )

    async def faults_left(self, account: Account) -> int:
        """How many calls are still to go wrong: by how much it falls is how many were made."""
        shown = await self._call("GET", f"/control/faults?key_id={account.key_id}")
        return sum(fault["times_left"] for fault in shown["faults"])

    async def clear_faults(self, account: Account | None = None) -> None:
        query = f"?key_id={account.key_id}" if account else ""
        await self._call("DELETE", f"/control/faults{query}")

    # Clock

    async def now(self) -> float:
        """Seconds since 1970 by the sandbox's clock."""
        shown = await self._call("GET", "/control/clock")
        return float(shown["now"])

    async def shift_clock(self, seconds: float, *, freeze: bool | None = None) -> None:
        await self._move({"shift_seconds": seconds, "freeze": freeze})

    async def _move(self, to: Json) -> None:
        assert self.process.clock_moves, (
            "others count on this clock: ask for `moving_sandbox` or `own_sandbox`"
        )
        await self._call("POST", "/control/clock", to)
