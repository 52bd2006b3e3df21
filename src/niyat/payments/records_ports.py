"""What the gateway keeps besides payments: settlements and their report, disputes, downtimes. Read, never written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from niyat.payments.ports import Answer
from niyat.payments.records import DisputeFact, DowntimeFact, Settlement, SettlementRow


class GatewayRecords(Protocol):
    """The gateway's own books. No method raises for its answer."""

    async def settlement_report(self, day: date) -> Answer[Sequence[SettlementRow]]:
        """All rows of a day of the gateway's calendar; Unknown also when it changed while it was read."""
        ...

    async def settlement(self, settlement_id: str) -> Answer[Settlement]: ...

    async def dispute(self, gateway_dispute_id: str) -> Answer[DisputeFact]: ...

    async def disputes(self) -> Answer[Sequence[DisputeFact]]:
        """The newest hundred."""
        ...

    async def downtimes(self) -> Answer[Sequence[DowntimeFact]]: ...

    async def downtime(self, downtime_id: str) -> Answer[DowntimeFact]: ...
