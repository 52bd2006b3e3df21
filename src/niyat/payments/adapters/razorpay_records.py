"""What Razorpay keeps besides payments, through the same fenced-in SDK as everything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from niyat.payments.adapters import razorpay_records_entities as entities
from niyat.payments.adapters.razorpay_entities import each
from niyat.payments.adapters.razorpay_gateway import RazorpayGateway
from niyat.payments.ports import Answer, Refused, Unknown
from niyat.payments.records import DisputeFact, DowntimeFact, Settlement, SettlementRow

PAGE = 1000  # the most that the report gives at once
MOST_PAGES = 1000


class RazorpayRecords:
    """The `GatewayRecords` port over Razorpay. `page`: rows of the report asked for at once."""

    def __init__(self, gateway: RazorpayGateway, page: int = PAGE) -> None:
        self._gateway = gateway
        self._page = page

    async def settlement_report(self, day: date) -> Answer[Sequence[SettlementRow]]:
        rows: list[SettlementRow] = []
        first: Sequence[SettlementRow] = ()
        for number in range(MOST_PAGES):
            read = await self._report(day, skip=number * self._page)
            if isinstance(read, (Refused, Unknown)):
                return read
            first = first or read
            rows += read
            if len(read) < self._page:
                break
        if len(rows) >= self._page:
            # The newest come first: rows that were added meanwhile would push others onto a second page again.
            again = await self._report(day, skip=0)
            if isinstance(again, (Refused, Unknown)) or list(again) != list(first):
                return Unknown("the report changed while it was read")
        return [row for row in rows if row.settlement_id is not None]

    async def _report(self, day: date, skip: int) -> Answer[Sequence[SettlementRow]]:
        query = {"year": day.year, "month": day.month, "day": day.day, "count": self._page, "skip": skip}
        return await self._gateway.call(
            lambda client, how: client.settlement.report(query, **how), each(entities.settlement_row)
        )

    async def settlement(self, settlement_id: str) -> Answer[Settlement]:
        return await self._gateway.call(
            lambda client, how: client.settlement.fetch(settlement_id, {}, **how), entities.settlement
        )

    async def dispute(self, gateway_dispute_id: str) -> Answer[DisputeFact]:
        return await self._gateway.call(
            lambda client, how: client.dispute.fetch(gateway_dispute_id, {}, **how), entities.dispute
        )

    async def disputes(self) -> Answer[Sequence[DisputeFact]]:
        query = {"count": 100}
        return await self._gateway.call(
            lambda client, how: client.dispute.all(query, **how), each(entities.dispute)
        )

    async def downtimes(self) -> Answer[Sequence[DowntimeFact]]:
        return await self._gateway.call(
            lambda client, how: client.payment.fetchDownTime(**how), each(entities.downtime)
        )

    async def downtime(self, downtime_id: str) -> Answer[DowntimeFact]:
        return await self._gateway.call(
            lambda client, how: client.payment.fetchDownTimeById(downtime_id, **how), entities.downtime
        )
