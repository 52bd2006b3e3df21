"""The promise about settlements and disputes, as SQL. Each statement returns what breaks it."""

from __future__ import annotations

from niyat.kernel.checks import Check

RECONCILIATION_CHECKS = (
    Check(
        "the-bank-has-what-was-settled",
        "For each settlement, the bank's account has what the gateway sent, and no other settlement is in it.",
        """
        SELECT coalesce(s.settlement_id, l.settlement_id) AS settlement_id, s.amount, l.booked
        FROM (SELECT * FROM settlements WHERE read_at <= niyat_now() - make_interval(secs => $1)) s
        FULL JOIN (SELECT split_part(t.external_key, ':', 2) AS settlement_id, sum(e.amount) AS booked
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'bank'
            WHERE t.external_key LIKE 'setl:%' GROUP BY 1) l ON l.settlement_id = s.settlement_id
        WHERE coalesce(s.amount, 0) <> coalesce(l.booked, 0) AND (s.settlement_id IS NOT NULL OR NOT EXISTS (
            SELECT FROM settlements o WHERE o.settlement_id = l.settlement_id))
        """,
    ),
    Check(
        "suspense-is-named",
        "Money of a settlement in suspense has a difference that is open and names it.",
        """
        SELECT p.settlement_id, p.currency, p.amount FROM settlement_suspense p JOIN settlements s USING (settlement_id)
        WHERE s.read_at <= niyat_now() - make_interval(secs => $1) AND NOT EXISTS (
            SELECT FROM reconciliation_differences d WHERE d.settlement_id = p.settlement_id AND d.status = 'open')
        """,
    ),
    Check(
        "every-settled-row-is-explained",
        "Every row of a settlement's report is matched with money of ours, or a difference names it.",
        """
        SELECT r.settlement_id, r.type, r.entity_id, r.occurrence, r.net FROM settlement_rows r
        WHERE NOT EXISTS (SELECT FROM settlement_matches m WHERE m.row_id = r.row_id) AND NOT EXISTS (
            SELECT FROM reconciliation_differences d
            WHERE d.settlement_id = r.settlement_id AND d.entity_id = r.entity_id AND d.kind IN ('unknown', 'doubled'))
        """,
    ),
    Check(
        "settled-money-has-left-clearing",
        "Every matched row has its posting, with exactly what was expected of it.",
        """
        SELECT r.settlement_id, m.entity_id, m.expected, l.amount
        FROM settlement_matches m JOIN settlement_rows r USING (row_id)
        LEFT JOIN LATERAL (SELECT -e.amount AS amount FROM ledger_transactions t
            JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'gateway_clearing'
            WHERE t.external_key = 'setl:' || r.settlement_id || ':' || m.entity_id) l ON true
        WHERE coalesce(l.amount, 0) <> m.expected
        """,
    ),
    Check(
        "disputes-are-booked",
        "What a decided dispute took is booked as lost, less the refunds that it gave; nothing of it is still held.",
        """
        SELECT d.dispute_id, d.status, d.amount_deducted, l.lost, l.held FROM disputes d CROSS JOIN LATERAL (
            SELECT coalesce(sum(e.amount) FILTER (WHERE e.account = 'chargeback_loss'), 0) AS lost,
                coalesce(sum(e.amount) FILTER (WHERE e.account = 'dispute_hold'), 0) AS held
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.external_key IN (
                'disp:' || d.gateway_dispute_id || ':held', 'disp:' || d.gateway_dispute_id || ':decided')) l
        WHERE (d.decided_at IS NULL AND (l.lost <> 0 OR (l.held <> 0) <> (d.amount_deducted > 0)))
            OR (d.decided_at IS NOT NULL AND (l.held <> 0 OR l.lost <> d.amount_deducted))
        """,
    ),
    Check(
        "disputes-give-at-most-what-they-took",
        "Refunds that a lost dispute gave were never sent, and are no more than it took.",
        """
        SELECT c.dispute_id, c.gateway_payment_id, c.spare, NULL::uuid AS refund_id FROM charged_back c
        WHERE c.spare < 0
        UNION ALL
        SELECT b.dispute_id, r.gateway_payment_id, r.amount, r.refund_id
        FROM refunds_by_dispute b JOIN refunds r USING (refund_id) JOIN disputes d USING (dispute_id)
        WHERE r.gateway_refund_id IS NOT NULL OR r.gateway_payment_id <> d.gateway_payment_id
        """,
    ),
    Check(
        "nothing-is-refunded-while-disputed",
        "No refund of ours was sent while its visit's money was in dispute.",
        """
        SELECT r.refund_id, r.sent_at, d.dispute_id, d.created_at, d.decided_at
        FROM refunds r JOIN disputes d USING (appointment_id)
        WHERE r.reason_code <> 'dashboard' AND r.sent_at > d.created_at + interval '1 minute'
            AND (d.decided_at IS NULL OR r.sent_at < d.decided_at)
        """,
    ),
    Check(
        "reports-are-read",
        "Every reading of a report that was asked for is over within a day.",
        """
        SELECT run_id, day, tries, last_error FROM reconciliation_runs
        WHERE status = 'asked' AND asked_at <= niyat_now() - interval '1 day' - make_interval(secs => $1)
        """,
    ),
)
