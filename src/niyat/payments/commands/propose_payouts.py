"""Proposes a batch: one payout to each doctor of what is owed for visits held before the cut-off.

Left out are visits whose money waits (`frozen_appointments`), doctors who owe, who are owed less than the least
amount, who have no fund account, or to whom a payout is proposed already. Nothing is posted before approval.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from niyat.kernel.db import Connection, Reader
from niyat.kernel.ids import new_id
from niyat.payments.audit_log import remember
from niyat.payments.commands.move_payout import ALONE, NOTE
from niyat.payments.commands.settle_debts import settle_debts
from niyat.payments.errors import NothingToPayOut
from niyat.payments.parts import Parts
from niyat.payments.payouts import AccountType, PayoutStatus, at_once, last_payday, mode_of
from niyat.payments.settings import PaymentsSettings

CURRENCY = "INR"
"""The one that the gateway pays out in."""

TODAY = "SELECT (niyat_now() AT TIME ZONE $1)::date"
# The beginning of a day on the clinic's calendar, so many days before; never later than now.
CUT_OFF = "SELECT least(niyat_now(), ($1::date - $2::int)::timestamp AT TIME ZONE $3)"
PROPOSED = "SELECT EXISTS (SELECT FROM payout_batches WHERE scheduled_for >= $1)"
OWED = """
SELECT b.doctor_id, b.available, f.fund_account_id, f.account_type,
    coalesce((SELECT max(p.period_ends_at) FROM doctor_payouts p WHERE p.doctor_id = b.doctor_id
            AND p.status <> 'cancelled' AND p.period_ends_at < $1),
        (SELECT min(t.event_at) FROM ledger_transactions t WHERE t.doctor_id = b.doctor_id AND t.event_at < $1),
        $1 - interval '1 day') AS period_starts_at
FROM doctor_balances($1) b JOIN doctor_fund_accounts f USING (doctor_id)
WHERE b.currency = $2 AND b.available >= $3 AND NOT EXISTS (SELECT FROM doctor_payouts p
    WHERE p.doctor_id = b.doctor_id AND p.currency = b.currency AND p.status = 'pending')
ORDER BY b.doctor_id
"""
BATCH = "INSERT INTO payout_batches (batch_id, cut_off, scheduled_for, proposed_by) VALUES ($1, $2, $3, $4)"
PAYOUT = """
INSERT INTO doctor_payouts (payout_id, batch_id, doctor_id, amount, currency, period_starts_at, period_ends_at,
    fund_account_id, mode) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def cut_off_today(reader: Reader, settings: PaymentsSettings) -> datetime:
    """Before when a visit must have been held to be in a batch of today."""
    zone = settings.clinic_time_zone
    today = await reader.fetchval(TODAY, zone)
    cut_off: datetime = await reader.fetchval(CUT_OFF, today, settings.payout_hold_back_days, zone)
    return cut_off


async def propose_scheduled(parts: Parts) -> UUID | None:
    """The batch of the newest payday, once; None when it is there, nobody is owed, or nobody is paid out."""
    settings = parts.settings
    if parts.payouts is None:
        return None
    today = await parts.db.fetchval(TODAY, settings.clinic_time_zone)
    payday = last_payday(today, settings.payout_schedule, settings.payout_weekday)
    if payday is None or await parts.db.fetchval(PROPOSED, payday):
        return None
    cut_off = await parts.db.fetchval(
        CUT_OFF, payday, settings.payout_hold_back_days, settings.clinic_time_zone
    )
    return await parts.db.run(
        propose_payouts, cut_off, least=settings.payout_minimum_amount, scheduled_for=payday
    )


async def propose_by_hand(
    conn: Connection, parts: Parts, *, until: date | None, reason: str, actor_id: UUID
) -> UUID:
    """A batch for visits held until that day, or as the schedule would propose today. Raises NothingToPayOut."""
    settings = parts.settings
    if until is None:
        cut_off = await cut_off_today(conn, settings)
    else:
        cut_off = await conn.fetchval(CUT_OFF, until, -1, settings.clinic_time_zone)
    batch_id = await propose_payouts(
        conn, cut_off, least=settings.payout_minimum_amount, proposed_by=actor_id
    )
    if batch_id is None:
        raise NothingToPayOut
    await remember(conn, actor_id, "propose-payouts", batch_id, reason)
    return batch_id


async def propose_payouts(
    conn: Connection,
    cut_off: datetime,
    *,
    least: int,
    scheduled_for: date | None = None,
    proposed_by: UUID | None = None,
) -> UUID | None:
    """The batch of all who are owed `least` minor units or more; None when there is nobody, or it was proposed."""
    await conn.execute(ALONE)
    if scheduled_for is not None and await conn.fetchval(PROPOSED, scheduled_for):
        return None
    await settle_debts(conn)
    owed = await conn.fetch(OWED, cut_off, CURRENCY, least)
    if not owed:
        return None
    batch_id = new_id()
    await conn.execute(BATCH, batch_id, cut_off, scheduled_for, proposed_by)
    for row in owed:
        account_type = AccountType(row["account_type"])
        amount = at_once(account_type, row["available"])
        payout_id = new_id()
        await conn.execute(
            PAYOUT, payout_id, batch_id, row["doctor_id"], amount, CURRENCY, row["period_starts_at"], cut_off,
            row["fund_account_id"], mode_of(account_type, amount),
        )  # fmt: skip
        source = "admin" if proposed_by else "schedule"
        await conn.execute(NOTE, payout_id, None, PayoutStatus.PENDING, source, None, proposed_by)
    return batch_id
