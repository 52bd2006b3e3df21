"""The gateway's webhooks in a sandbox: held, doubled, spoilt, sent in any order."""

from __future__ import annotations

from typing import Literal

from tests.support.sandbox_controls import Controls, Json
from tests.support.sandbox_razorpay import Account


class WebhookControls(Controls):
    async def set_webhooks(
        self,
        account: Account,
        *,
        mode: Literal["deliver", "hold", "drop"] | None = None,
        delay_seconds: float | None = None,
        duplicate: int | None = None,
        sign_with: Literal["current", "old", "garbage", "missing"] | None = None,
        corrupt: Literal["none", "cut", "altered", "reserialised"] | None = None,
        retry_seconds: float | None = None,
    ) -> None:
        """What is left out stays as it is."""
        await self._call(
            "POST",
            "/control/webhooks/settings",
            {
                "key_id": account.key_id,
                "mode": mode,
                "delay_seconds": delay_seconds,
                "duplicate": duplicate,
                "sign_with": sign_with,
                "corrupt": corrupt,
                "retry_seconds": retry_seconds,
            },
        )

    async def webhooks(self, account: Account) -> list[Json]:
        """Every event, oldest first: id, event, entity_id, state, body, tries…"""
        shown = await self._call("GET", f"/control/webhooks?key_id={account.key_id}")
        events: list[Json] = shown["events"]
        return events

    async def send_webhook(self, event_id: str, *, times: int = 1) -> list[Json]:
        """Deliver one event now, again or for the first time; `times` at once."""
        shown = await self._call("POST", f"/control/webhooks/{event_id}/send?times={times}")
        sent: list[Json] = shown["sent"]
        return sent

    async def flush_webhooks(
        self,
        account: Account,
        *,
        order: Literal["oldest-first", "newest-first", "shuffled"] = "oldest-first",
        include_dropped: bool = False,
    ) -> list[Json]:
        """Deliver everything held or waiting now, one after the other; returns when all are tried."""
        shown = await self._call(
            "POST",
            "/control/webhooks/flush",
            {"key_id": account.key_id, "order": order, "include_dropped": include_dropped},
        )
        sent: list[Json] = shown["sent"]
        return sent
