"""Asks once more about payouts that we took for failed, before anything is decided that would pay the same money again.

Spans transactions. The gateway has nothing of such a payout, as far as we know: we concluded it from a refusal.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.errors import ServiceUnavailable
from niyat.payments.commands.drive_payout import at_gateway
from niyat.payments.commands.record_payout import record_payout
from niyat.payments.parts import Parts
from niyat.payments.ports import Unknown

# Of one payout, or of the doctors in a batch that nobody decided: what was concluded lately.
TAKEN_FOR_FAILED = """
SELECT * FROM doctor_payouts
WHERE status = 'failed' AND gateway_payout_id IS NULL AND account_number IS NOT NULL
    AND (payout_id = $1 OR next_at IS NOT NULL
        AND doctor_id IN (SELECT doctor_id FROM doctor_payouts WHERE batch_id = $2 AND status = 'pending'))
ORDER BY payout_id
"""


async def look_again(parts: Parts, payout_id: UUID) -> None:
    """Before this payout is tried again. Should the gateway have it after all, its word counts.

    Raises ServiceUnavailable.
    """
    await _look(parts, payout_id, None)


async def look_again_for(parts: Parts, batch_id: UUID) -> None:
    """Before a batch is approved: what failed lately of the doctors in it is owed again, and so in it.

    Raises ServiceUnavailable.
    """
    await _look(parts, None, batch_id)


async def _look(parts: Parts, payout_id: UUID | None, batch_id: UUID | None) -> None:
    for payout in await parts.db.fetch(TAKEN_FOR_FAILED, payout_id, batch_id):
        known = await at_gateway(parts, payout)
        if isinstance(known, Unknown):
            raise ServiceUnavailable("The payout provider does not answer; try again in a moment.")
        if known is not None:
            await parts.db.run(record_payout, known, source="gateway")
