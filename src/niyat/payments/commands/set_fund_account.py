"""Says where a doctor is paid: a fund account at the gateway, which keeps the bank's details. We keep its id alone.

Spans transactions: the gateway and appointments are asked first. What is under way goes where it was sent.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.kernel.errors import ServiceUnavailable
from niyat.payments.audit_log import remember
from niyat.payments.errors import FundAccountRefused
from niyat.payments.parts import Parts
from niyat.payments.payouts import FundAccount
from niyat.payments.ports import Refused, Unknown

SET = """
INSERT INTO doctor_fund_accounts (doctor_id, fund_account_id, account_type, set_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (doctor_id) DO UPDATE SET fund_account_id = excluded.fund_account_id,
    account_type = excluded.account_type, set_by = excluded.set_by, updated_at = niyat_now()
"""


async def set_fund_account(
    parts: Parts, doctor_id: UUID, fund_account_id: str, *, reason: str, actor_id: UUID
) -> None:
    """Pay this doctor there from now on. A payout that waits for approval is left out of its batch then.

    Raises PayoutsNotSetUp, DoctorNotFound, FundAccountRefused, ServiceUnavailable.
    """
    account = await parts.require_payer().fund_account(fund_account_id)
    if isinstance(account, Unknown):
        raise ServiceUnavailable("The payout provider does not answer; try again in a moment.")
    if isinstance(account, Refused) or not account.active:
        raise FundAccountRefused
    await parts.appointments.doctor_account(doctor_id)
    await parts.db.run(_set, doctor_id, account, actor_id, reason)


async def _set(conn: Connection, doctor_id: UUID, account: FundAccount, actor_id: UUID, reason: str) -> None:
    await conn.execute(SET, doctor_id, account.fund_account_id, account.account_type, actor_id)
    await remember(conn, actor_id, "set-fund-account", doctor_id, reason)
