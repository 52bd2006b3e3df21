"""What the payments service works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from niyat.kernel.db import Database
from niyat.kernel.jobs import Bell
from niyat.payments.errors import PayoutsNotSetUp
from niyat.payments.payout_ports import PayoutGateway
from niyat.payments.ports import Appointments, PaymentGateway
from niyat.payments.records_ports import GatewayRecords
from niyat.payments.settings import PaymentsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`webhooks` rings when one was stored, `reports` when one is asked for, `money` after every commit. `payouts`:
    none where nobody is paid out.
    """

    db: Database
    gateway: PaymentGateway
    records: GatewayRecords
    appointments: Appointments
    settings: PaymentsSettings
    payouts: PayoutGateway | None = None
    webhooks: Bell = field(default_factory=Bell)
    reports: Bell = field(default_factory=Bell)
    money: Bell = field(default_factory=Bell)

    def require_payer(self) -> PayoutGateway:
        """Who pays doctors. Raises PayoutsNotSetUp."""
        if self.payouts is None:
            raise PayoutsNotSetUp
        return self.payouts
