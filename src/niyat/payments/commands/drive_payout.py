"""Carries out an approved payout: the call, with a key and a body that never change, until its outcome is known.

Spans transactions. A lost answer is looked up by our id among the gateway's payouts before the same call is repeated;
while it is unknown there is no other key. What is under way is asked about, and for some days what was processed, and
what we took for failed: it is looked up, and never sent again.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from niyat.kernel.backoff import delay
from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.log import get_logger
from niyat.payments.commands.move_payout import LOCK, move_payout
from niyat.payments.commands.record_payout import record_payout
from niyat.payments.parts import Parts
from niyat.payments.payouts import PayoutFact, PayoutMode, PayoutRequest, PayoutStatus
from niyat.payments.ports import Refused, Unknown
from niyat.payments.reasons import reason_code

log = get_logger(__name__)

DUE = "SELECT payout_id FROM doctor_payouts WHERE next_at <= niyat_now() ORDER BY next_at LIMIT $1"
CLAIM = """
UPDATE doctor_payouts p SET next_at = niyat_now() + $2::interval, tries = p.tries + 1,
    sent_at = coalesce(p.sent_at, niyat_now()), account_number = coalesce(p.account_number, $4)
FROM (SELECT payout_id, sent_at, asked_at FROM doctor_payouts WHERE payout_id = $1 FOR UPDATE) before
WHERE p.payout_id = before.payout_id AND p.next_at <= niyat_now()
    AND p.status IN ('approved', 'queued', 'processing', 'processed', 'failed')
RETURNING p.*, before.sent_at IS NOT NULL AS sent_before,
    before.asked_at > niyat_now() - $3::interval AS may_be_on_its_way
"""
# Right before the call, however long the look-up took; not once another worker took over or its end is known.
ASK = """
UPDATE doctor_payouts SET asked_at = niyat_now()
WHERE payout_id = $1 AND tries = $2 AND status = 'approved' AND gateway_payout_id IS NULL
"""
# What was processed may still come back, and what we took for failed may be there after all: both are looked at every
# day for a while, should no webhook say so. What the gateway itself said failed is over.
LATER = """
UPDATE doctor_payouts SET last_error = $3, next_at = CASE
    WHEN status IN ('approved', 'queued', 'processing') THEN niyat_now() + $2::interval
    WHEN status = 'processed' AND processed_at > niyat_now() - interval '10 days'
        OR status = 'failed' AND gateway_payout_id IS NULL AND updated_at > niyat_now() - interval '10 days'
        THEN niyat_now() + interval '1 day' END
WHERE payout_id = $1
"""
LONGEST_WAIT_SECONDS = 3600
WORRYING_TRIES = 6


async def due_payouts(parts: Parts, limit: int = 50) -> list[UUID]:
    """The payouts that wait to be sent or asked about; none where nobody is paid out."""
    if parts.payouts is None:
        return []
    return [row[0] for row in await parts.db.fetch(DUE, parts.payouts.breaker.at_once(limit))]


async def drive_payout(parts: Parts, payout_id: UUID) -> None:
    """Send a payout, or ask what became of it. Does nothing when another worker is at it. Raises PayoutsNotSetUp."""
    lease = timedelta(seconds=parts.settings.lease_seconds)
    longest_call = timedelta(seconds=parts.settings.longest_call_seconds)
    paid_from = parts.settings.razorpayx_account_number
    payout = await parts.db.fetchrow(CLAIM, payout_id, lease, longest_call, paid_from)
    if payout is None:
        return
    crash_point("payments:payout-intended")
    answer = await _ask(parts, payout)
    crash_point("payments:payout-called")
    if isinstance(answer, Refused):
        answer = await _refused(parts, payout, answer)
    if isinstance(answer, PayoutFact):
        await parts.db.run(record_payout, answer, source="gateway")
        crash_point("payments:payout-recorded")
    why = answer.why if isinstance(answer, Unknown) else None
    if why and payout["tries"] >= WORRYING_TRIES:
        log.error("a payout is still not through", payout_id=str(payout_id), tries=payout["tries"], why=why)
    wait = delay(payout["tries"], base_seconds=5, longest_seconds=LONGEST_WAIT_SECONDS)
    await parts.db.execute(LATER, payout_id, wait, why)


async def _ask(parts: Parts, payout: Row) -> PayoutFact | Refused | Unknown | None:
    if payout["gateway_payout_id"] is not None:
        return await parts.require_payer().fetch_payout(payout["gateway_payout_id"])
    if payout["sent_before"]:
        # How long the gateway remembers a key is not documented, so look before repeating the call.
        known = await at_gateway(parts, payout)
        crash_point("payments:payout-looked-up")
        if known is not None:
            return known
    if payout["status"] == PayoutStatus.FAILED:
        return None
    if await parts.db.execute(ASK, payout["payout_id"], payout["tries"]) != "UPDATE 1":
        return Unknown("somebody else went on with it")
    return await parts.require_payer().send(
        PayoutRequest(
            payout["payout_id"],
            payout["account_number"],
            payout["fund_account_id"],
            payout["amount"],
            payout["currency"],
            PayoutMode(payout["mode"]),
        )
    )


async def at_gateway(parts: Parts, payout: Row) -> PayoutFact | Unknown | None:
    """This payout as the gateway has it; None when it has none."""
    answer = await parts.require_payer().payouts_of(payout["payout_id"], payout["account_number"])
    if isinstance(answer, (Refused, Unknown)):
        return Unknown("the gateway's payouts are not known")
    return next((fact for fact in answer if fact.our_payout_id == payout["payout_id"]), None)


async def _refused(parts: Parts, payout: Row, refused: Refused) -> PayoutFact | Refused | Unknown:
    """A refusal: was it done after all? Could an earlier call still do it? Else it failed, and is owed again."""
    if payout["gateway_payout_id"] is not None:
        return Unknown("the gateway does not know its own payout")
    known = await at_gateway(parts, payout)
    if known is not None:
        return known
    if payout["may_be_on_its_way"]:
        return Unknown("an earlier call may still be on its way")
    if "balance" in refused.description.lower():
        log.error("the payout account does not cover a payout", payout_id=str(payout["payout_id"]))
        return Unknown("insufficient balance")
    await parts.db.run(_give_up, payout["payout_id"], reason_code(refused.description))
    return refused


async def _give_up(conn: Connection, payout_id: UUID, why: str) -> None:
    payout = await one(conn, LOCK, payout_id)
    if payout["status"] == PayoutStatus.APPROVED:
        await move_payout(conn, payout, PayoutStatus.FAILED, source="gateway", reason=why)
