"""Books are whole when each booking's money is somewhere, and each account holds what the facts say.

Captured money is counted twice over: by whose it is (held, earned, refunded, owed) and by where it is (at the gateway
or the desk, given back, lost to a chargeback, withheld for a dispute). A dispute moves it, and changes nobody's claim.
"""

from __future__ import annotations

from tests.support.payments_world import World

BOOKINGS = """
SELECT c.appointment_id,
    coalesce((SELECT sum(captured_amount) FROM payment_attempts
        WHERE appointment_id = c.appointment_id), 0) AS captured,
    r.refunded, r.gone, l.held, l.earned, l.failed, l.there, l.lost, l.withheld,
    coalesce(d.taken, 0) - r.by_dispute AS to_be_lost, coalesce(d.kept_back, 0) AS to_be_withheld
FROM payment_cases c CROSS JOIN LATERAL (SELECT
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'patient_deposit'), 0) AS held,
    coalesce(-sum(e.amount) FILTER (WHERE e.account IN ('doctor_payable', 'platform_revenue', 'gst_output')), 0)
        AS earned,
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'refund_owed'), 0) AS failed,
    coalesce(sum(e.amount) FILTER (WHERE e.account IN ('gateway_clearing', 'gateway_fee', 'gst_input', 'cash')), 0)
        AS there,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'chargeback_loss'), 0) AS lost,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'dispute_hold'), 0) AS withheld
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.appointment_id = c.appointment_id) l
CROSS JOIN LATERAL (SELECT
    coalesce(sum(amount) FILTER (WHERE status IN ('pending', 'processed')), 0) AS refunded,
    coalesce(sum(amount) FILTER (WHERE status = 'processed'), 0) AS gone,
    coalesce(sum(amount) FILTER (WHERE refund_id IN (SELECT refund_id FROM refunds_by_dispute)), 0) AS by_dispute
    FROM refunds WHERE appointment_id = c.appointment_id) r
LEFT JOIN LATERAL (SELECT
    sum(amount_deducted) FILTER (WHERE decided_at IS NOT NULL) AS taken,
    sum(amount_deducted) FILTER (WHERE decided_at IS NULL) AS kept_back
    FROM disputes WHERE appointment_id = c.appointment_id) d ON true
"""
"""For each booking: whose its money is, with what is owed of refunds that failed; where it is, with the two named
exceptions, chargeback_loss (`lost`) and dispute_hold (`withheld`); and what those must be, by its disputes."""
# What each of these accounts must hold, by the rows that are not the ledger's.
EXPLAINED = """
SELECT 'refund_pending' AS account, -coalesce(sum(amount) FILTER (WHERE status = 'pending'), 0) AS amount FROM refunds
UNION ALL SELECT 'gateway_clearing', (SELECT coalesce(sum(a.captured_amount - coalesce(a.fee, 0)), 0)
    FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
    WHERE p.gateway <> 'manual' AND a.captured_amount > 0)
    - (SELECT coalesce(sum(amount), 0) FROM refunds
    WHERE status = 'processed' AND refund_id NOT IN (SELECT refund_id FROM manual_refunds)
        AND refund_id NOT IN (SELECT refund_id FROM refunds_by_dispute))
    - (SELECT coalesce(sum(amount_deducted), 0) FROM disputes)
UNION ALL SELECT 'payout_pending', -coalesce(sum(amount), 0) FROM doctor_payouts
    WHERE status IN ('approved', 'queued', 'processing')
UNION ALL SELECT 'cash', (SELECT coalesce(sum(captured_amount), 0) FROM payment_transactions WHERE gateway = 'manual')
    - (SELECT coalesce(sum(r.amount), 0) FROM refunds r JOIN manual_refunds USING (refund_id))
"""
UNBALANCED = (
    "SELECT transaction_id FROM ledger_entries GROUP BY transaction_id, currency HAVING sum(amount) <> 0"
)


async def whole(world: World) -> None:
    """Each booking's money is somewhere, each account holds what the facts say, each transaction sums to zero."""
    for row in await world.db.fetch(BOOKINGS):
        assert row["captured"] == row["held"] + row["earned"] + row["refunded"] + row["failed"], dict(row)
        assert row["captured"] == row["there"] + row["gone"] + row["lost"] + row["withheld"], dict(row)
        assert (row["lost"], row["withheld"]) == (row["to_be_lost"], row["to_be_withheld"]), dict(row)
    ledger = await world.ledger()
    assert sum(ledger.values()) == 0
    for row in await world.db.fetch(EXPLAINED):
        assert ledger.get(row["account"], 0) == row["amount"], row["account"]
    assert await world.db.fetch(UNBALANCED) == []
