"""Moves money between accounts by hand, with a reason: what matched nothing is explained, never edited.

Accounts whose money belongs to bookings cannot be touched, so that every booking stays explained by its own facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.payments import postings
from niyat.payments.audit_log import remember
from niyat.payments.commands.post import post
from niyat.payments.errors import (
    AccountNotCorrectable,
    AccountNotFound,
    CorrectionUnbalanced,
    DoctorNotNamed,
)

ACCOUNTS = "SELECT account, correctable FROM ledger_accounts WHERE account = ANY ($1::text[])"
OF_DOCTORS = {postings.DOCTOR_PAYABLE, postings.DOCTOR_RECEIVABLE}


async def correct_ledger(
    conn: Connection,
    entries: Sequence[tuple[str, int]],
    *,
    currency: str,
    reason: str,
    actor_id: UUID,
    doctor_id: UUID | None,
) -> UUID:
    """Post `entries` (debit above zero, in minor units); the correction's id, of which its external key is made.

    Raises AccountNotFound, AccountNotCorrectable, CorrectionUnbalanced, DoctorNotNamed.
    """
    named = {account for account, _ in entries}
    known = {row["account"]: row["correctable"] for row in await conn.fetch(ACCOUNTS, list(named))}
    for account in sorted(named):
        if account not in known:
            raise AccountNotFound(account=account)
        if not known[account]:
            raise AccountNotCorrectable(account=account)
    if sum(amount for _, amount in entries):
        raise CorrectionUnbalanced
    if named & OF_DOCTORS and doctor_id is None:
        raise DoctorNotNamed
    correction_id = new_id()
    await remember(conn, actor_id, "correct-ledger", correction_id, reason)
    await post(
        conn, postings.correction(correction_id, entries), currency=currency, appointment_id=None, payment_id=None,
        at=await conn.fetchval("SELECT niyat_now()"), doctor_id=doctor_id,
    )  # fmt: skip
    return correction_id
