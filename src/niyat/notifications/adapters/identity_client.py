"""Asks identity whom to reach (ADR 8)."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.errors import ServiceUnavailable
from niyat.notifications.errors import AccountNotFound
from niyat.notifications.ports import Account


class AccountsClient:
    """Accounts over the one typed client."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def find(self, account_id: UUID) -> Account:
        try:
            answer = await self._client.call("GET", f"/internal/accounts/{account_id}")
        except Refused as refused:
            if refused.status == 404:
                raise AccountNotFound from refused
            raise ServiceUnavailable("Identity refuses to answer.") from refused
        return Account.model_validate(answer)
