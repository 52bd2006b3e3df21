"""Asks identity whom to reach (ADR 8)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.errors import ServiceUnavailable
from niyat.notifications.adapters.answers import find_many
from niyat.notifications.ports import Account, Found


class AccountsClient:
    """Accounts over the one typed client."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def find_many(self, account_ids: Collection[UUID]) -> Found[Account]:
        return await find_many(self._client, "/internal/accounts/find", "account_id", account_ids, Account)

    async def administrators(self) -> list[UUID]:
        try:
            answer = await self._client.call("GET", "/internal/administrators")
        except Refused as refused:
            raise ServiceUnavailable("Identity refuses to answer.") from refused
        return [UUID(each) for each in answer["account_ids"]]
