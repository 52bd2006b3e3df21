"""Who pays doctors. As of the payment gateway, every answer is what was asked for, `Refused`, or `Unknown`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from niyat.payments.payouts import FundAccount, PayoutFact, PayoutRequest
from niyat.payments.ports import Answer, Breaker


class PayoutGateway(Protocol):
    """Sends money to doctors' fund accounts. No method raises for its answer."""

    @property
    def breaker(self) -> Breaker: ...

    async def send(self, payout: PayoutRequest) -> Answer[PayoutFact]:
        """Pay. The same request always means the same payout, however often it is sent."""
        ...

    async def fetch_payout(self, gateway_payout_id: str) -> Answer[PayoutFact]: ...

    async def payouts_of(self, payout_id: UUID, account_number: str) -> Answer[Sequence[PayoutFact]]:
        """What there is at the gateway of one payout of ours, paid from that business account: none, or one."""
        ...

    async def fund_account(self, fund_account_id: str) -> Answer[FundAccount]: ...
