"""The promise about money, as SQL over our own database. Each statement returns what breaks it."""

from __future__ import annotations

from niyat.kernel.checks import Check
from niyat.payments.reconciliation_checks import RECONCILIATION_CHECKS

CHECKS = (
    Check(
        "captured-money-has-a-place",
        "Every captured payment is on a confirmed appointment's case, or goes back, or a failed refund still owes it.",
        """
        SELECT a.gateway_payment_id, a.payment_id, a.step, v.owed_back, v.refunding
        FROM audit_captured_payments v JOIN payment_attempts a USING (gateway_payment_id)
            JOIN payment_cases c ON c.appointment_id = a.appointment_id
        WHERE v.updated_at <= niyat_now() - make_interval(secs => $1) AND v.exception IS NULL
            AND (v.refunding < v.owed_back OR (c.status = 'open' AND v.refunding < a.captured_amount AND NOT (
                a.step = 'kept' AND c.confirmed_payment_id IS NOT DISTINCT FROM a.payment_id)))
        """,
    ),
    Check(
        "refunds-at-most-captured",
        "No attempt has more pending and processed refunds than was captured of it.",
        """
        SELECT gateway_payment_id, captured_amount, refunding FROM audit_captured_payments
        WHERE refunding > captured_amount
        """,
    ),
    Check(
        "ledger-sums-to-zero",
        "Every ledger transaction has entries, and they sum to zero in each currency.",
        """
        SELECT t.id, t.external_key FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
        GROUP BY t.id, t.external_key, e.currency HAVING coalesce(sum(e.amount), 1) <> 0
        """,
    ),
    Check(
        "captured-is-posted-once",
        "Every captured attempt has its posting with exactly its amount, and no posting is without one.",
        """
        SELECT coalesce('pay:' || a.gateway_payment_id || ':captured', l.external_key) AS external_key,
            a.captured_amount, l.amount
        FROM (SELECT * FROM payment_attempts WHERE captured_amount > 0) a
        FULL JOIN (SELECT t.external_key, e.amount FROM ledger_transactions t
            JOIN ledger_entries e ON e.transaction_id = t.id
                AND e.account IN ('gateway_clearing', 'cash', 'desk_clearing')
            WHERE t.external_key LIKE 'pay:%:captured') l
            ON l.external_key = 'pay:' || a.gateway_payment_id || ':captured'
        WHERE a.captured_amount IS DISTINCT FROM l.amount
        """,
    ),
    Check(
        "refunds-are-posted-once",
        "Every refund has its posting when issued, when processed and when it failed.",
        """
        SELECT r.refund_id, r.status, p.postings FROM refunds r CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(split_part(t.external_key, ':', 3) ORDER BY t.id), '{}') AS postings
            FROM ledger_transactions t WHERE t.refund_id = r.refund_id) p
        WHERE NOT 'issued' = ANY (p.postings)
            OR (r.status = 'processed') <> ('processed' = ANY (p.postings) AND NOT 'unprocessed' = ANY (p.postings))
            OR (r.status = 'failed') <> ('failed-again' = ANY (p.postings)
                OR ('failed' = ANY (p.postings) AND NOT 'revived' = ANY (p.postings)))
            OR (r.status = 'superseded') <> ('superseded' = ANY (p.postings) AND NOT 'revived' = ANY (p.postings))
        """,
    ),
    Check(
        "captured-less-refunded-is-held-or-earned",
        "For each appointment, what was captured less what goes back is held as deposit or was earned.",
        """
        SELECT c.appointment_id, m.money, l.held FROM payment_cases c
        CROSS JOIN LATERAL (SELECT
            coalesce((SELECT sum(captured_amount) FROM payment_attempts WHERE appointment_id = c.appointment_id), 0)
            - coalesce((SELECT sum(amount) FROM refunds
                WHERE appointment_id = c.appointment_id AND status IN ('pending', 'processed')), 0) AS money) m
        CROSS JOIN LATERAL (SELECT coalesce(-sum(e.amount), 0) AS held FROM ledger_entries e
            JOIN ledger_transactions t ON t.id = e.transaction_id
            WHERE t.appointment_id = c.appointment_id
                AND e.account IN (
                    'patient_deposit', 'refund_owed', 'doctor_payable', 'platform_revenue', 'gst_output')) l
        WHERE m.money <> l.held
        """,
    ),
    Check(
        "status-agrees-with-money",
        "A payment's status says what its rows say: captured exactly when money was taken, refunded when it went back.",
        """
        SELECT payment_id, status, captured_amount, refunded_amount FROM payment_transactions
        WHERE (status IN ('captured', 'partially-refunded', 'refunded')) <> (captured_amount > 0)
            OR (status = 'captured' AND refunded_amount > 0)
            OR (status = 'refunded' AND refunded_amount < captured_amount)
            OR (status = 'partially-refunded' AND refunded_amount NOT BETWEEN 1 AND captured_amount - 1)
        """,
    ),
    Check(
        "nothing-stays-undecided",
        "No attempt waits to be secured or captured, with its outcome unknown, longer than the age.",
        """
        SELECT gateway_payment_id, payment_id, step, tries, next_at FROM payment_attempts
        WHERE step IN ('securing', 'capturing') AND updated_at <= niyat_now() - make_interval(secs => $1)
        """,
    ),
    Check(
        "no-refund-stays-unsent",
        "No refund waits longer than the age without the gateway having accepted it, but for an undecided dispute.",
        """
        SELECT r.refund_id, r.payment_id, r.tries, r.last_error
        FROM refunds r JOIN payment_transactions p USING (payment_id)
        WHERE r.status = 'pending' AND r.gateway_refund_id IS NULL AND p.gateway <> 'manual'
            AND r.created_at <= niyat_now() - make_interval(secs => $1)
            AND r.appointment_id NOT IN (SELECT appointment_id FROM frozen_appointments)
        """,
    ),
    Check(
        "nothing-lapses-for-ever",
        "What is not captured is let go of by the gateway within its window, five days at most.",
        """
        SELECT gateway_payment_id, payment_id, step, updated_at FROM payment_attempts
        WHERE step IN ('lapsing', 'set-aside') AND captured_amount = 0
            AND updated_at <= niyat_now() - interval '6 days' - make_interval(secs => $1)
        """,
    ),
    Check(
        "no-refund-stays-pending",
        "A refund that the gateway accepted is through within a fortnight.",
        """
        SELECT refund_id, payment_id, gateway_refund_id, created_at FROM refunds
        WHERE status = 'pending' AND gateway_refund_id IS NOT NULL
            AND created_at <= niyat_now() - interval '14 days' - make_interval(secs => $1)
        """,
    ),
    Check(
        "the-desk-has-its-receipts",
        "The desk's payments, and they alone, have a receipt; what went back by hand says who handed it back.",
        """
        SELECT p.payment_id, p.gateway, p.method, m.method AS recorded, NULL::uuid AS refund_id
        FROM payment_transactions p LEFT JOIN manual_receipts m USING (payment_id)
        WHERE (p.gateway = 'manual') <> (m.payment_id IS NOT NULL)
            OR p.method IS DISTINCT FROM coalesce(m.method, p.method)
        UNION ALL
        SELECT p.payment_id, p.gateway, p.method, b.method, r.refund_id
        FROM refunds r JOIN payment_transactions p USING (payment_id) LEFT JOIN manual_refunds b USING (refund_id)
        WHERE CASE WHEN p.gateway = 'manual' THEN (r.status = 'processed') <> (b.refund_id IS NOT NULL)
            ELSE b.refund_id IS NOT NULL AND (r.status <> 'processed' OR r.gateway_refund_id IS NOT NULL) END
        """,
    ),
    Check(
        "money-is-where-it-was-taken",
        "What the desk took or gave back is in the desk's accounts, and the gateway's money in the gateway's.",
        """
        SELECT t.external_key, e.account, p.gateway FROM ledger_transactions t
            JOIN ledger_entries e ON e.transaction_id = t.id JOIN payment_transactions p USING (payment_id)
        WHERE e.account IN ('gateway_clearing', 'cash', 'desk_clearing')
            AND (e.account <> 'gateway_clearing') <> (p.gateway = 'manual'
                OR EXISTS (SELECT FROM manual_refunds b WHERE b.refund_id = t.refund_id))
        """,
    ),
    Check(
        "the-desk-hands-back",
        "Money that the desk owes back is handed back within a fortnight.",
        """
        SELECT r.refund_id, r.payment_id, r.amount, r.created_at
        FROM refunds r JOIN payment_transactions p USING (payment_id)
        WHERE r.status = 'pending' AND p.gateway = 'manual'
            AND r.created_at <= niyat_now() - interval '14 days' - make_interval(secs => $1)
        """,
    ),
    Check(
        "what-went-back-is-known",
        "Nothing went back at the gateway that is not among its refunds.",
        """
        SELECT a.gateway_payment_id, a.payment_id, a.gateway_refunded, r.known
        FROM payment_attempts a JOIN audit_captured_payments v USING (gateway_payment_id)
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS known FROM refunds
            WHERE gateway_payment_id = a.gateway_payment_id AND status IN ('pending', 'processed')
                AND refund_id NOT IN (SELECT refund_id FROM manual_refunds)
                AND refund_id NOT IN (SELECT refund_id FROM refunds_by_dispute)) r
        WHERE a.gateway_refunded > r.known AND v.updated_at <= niyat_now() - make_interval(secs => $1)
        """,
    ),
    Check(
        "earned-at-most-the-price",
        "No appointment earned more than its price, as its last move left it.",
        """
        SELECT c.appointment_id, c.amount, c.moved_back, -sum(e.amount) AS earned FROM payment_cases c
            JOIN ledger_transactions t ON t.external_key = 'appt:' || c.appointment_id || ':earned'
            JOIN ledger_entries e ON e.transaction_id = t.id AND e.account <> 'patient_deposit'
        GROUP BY c.appointment_id, c.amount, c.moved_back HAVING -sum(e.amount) > c.amount - c.moved_back
        """,
    ),
    Check(
        "no-deposit-outlives-its-visit",
        "No deposit is held for a visit that is over.",
        """
        SELECT c.appointment_id, c.status, c.earned_at, -sum(e.amount) AS held FROM payment_cases c
            JOIN ledger_transactions t ON t.appointment_id = c.appointment_id
            JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'patient_deposit'
        WHERE (c.earned_at IS NOT NULL OR c.status = 'closed')
            AND c.updated_at <= niyat_now() - make_interval(secs => $1)
        GROUP BY c.appointment_id, c.status, c.earned_at HAVING sum(e.amount) <> 0
        """,
    ),
    Check(
        "no-doctor-owes",
        "No appointment's refunds took more from the doctor than it had earned.",
        """
        SELECT t.appointment_id, sum(e.amount) AS overdrawn FROM ledger_entries e
            JOIN ledger_transactions t ON t.id = e.transaction_id
        WHERE e.account = 'doctor_payable' AND t.appointment_id IS NOT NULL GROUP BY t.appointment_id
        HAVING sum(e.amount) > 0 AND max(t.created_at) <= niyat_now() - make_interval(secs => $1)
        """,
    ),
    Check(
        "no-webhook-stays-new",
        "Every stored webhook was worked off within the age, and none is dead.",
        """
        SELECT id, type, status, tries, last_error FROM webhook_events
        WHERE status = 'dead' OR (status = 'new'
            AND coalesce(replayed_at, received_at) <= niyat_now() - make_interval(secs => $1))
        """,
    ),
    Check(
        "every-capture-has-its-receipt",
        "Every captured attempt has one receipt of its amount, and every processed refund one note of its own.",
        """
        SELECT a.gateway_payment_id, NULL::uuid AS refund_id, a.captured_amount AS amount, r.amount AS receipt
        FROM payment_attempts a
            LEFT JOIN receipts r ON r.gateway_payment_id = a.gateway_payment_id AND r.refund_id IS NULL
        WHERE a.captured_amount > 0 AND r.amount IS DISTINCT FROM a.captured_amount
            AND a.captured_at <= niyat_now() - make_interval(secs => $1)
        UNION ALL
        SELECT f.gateway_payment_id, f.refund_id, f.amount, r.amount
        FROM refunds f LEFT JOIN receipts r ON r.refund_id = f.refund_id
        WHERE f.status = 'processed' AND r.amount IS DISTINCT FROM f.amount
            AND f.updated_at <= niyat_now() - make_interval(secs => $1)
        """,
    ),
    Check(
        "no-receipt-without-money",
        "Every receipt is of a captured attempt, and every note of a refund that was processed.",
        """
        SELECT r.receipt_id, r.gateway_payment_id, r.refund_id, f.status
        FROM receipts r JOIN payment_attempts a USING (gateway_payment_id)
            LEFT JOIN refunds f ON f.refund_id = r.refund_id
        WHERE a.captured_amount = 0 OR f.status NOT IN ('processed', 'failed')
        """,
    ),
    Check(
        "receipts-have-no-holes",
        "The receipts of each year and series are numbered from one without a gap, up to the last that was given.",
        """
        SELECT financial_year, series, s.last_number, n.given, n.highest FROM receipt_series s
        FULL JOIN (SELECT financial_year, series, count(*) AS given, max(number) AS highest
            FROM receipts GROUP BY financial_year, series) n USING (financial_year, series)
        WHERE s.last_number IS DISTINCT FROM n.given OR s.last_number IS DISTINCT FROM n.highest
        """,
    ),
    Check(
        "commission-is-its-share",
        "Of all that an appointment earned, commission and taxes are the shares it was earned on, to the rounding.",
        """
        SELECT c.appointment_id, c.commission_percent, c.commission_tax_percent, c.service_tax_percent, m.earned,
            m.commission, m.tax
        FROM payment_cases c CROSS JOIN LATERAL (SELECT
            greatest(0, coalesce(-sum(e.amount), 0)) AS earned,
            coalesce(-sum(e.amount) FILTER (WHERE e.account <> 'doctor_payable'), 0) AS commission,
            coalesce(-sum(e.amount) FILTER (WHERE e.account = 'gst_output'), 0) AS tax
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.appointment_id = c.appointment_id
                AND e.account IN ('doctor_payable', 'platform_revenue', 'gst_output')) m
        CROSS JOIN LATERAL (SELECT m.earned * c.service_tax_percent / (100 + c.service_tax_percent) AS service_tax) s
        CROSS JOIN LATERAL (SELECT (m.earned - s.service_tax) * c.commission_percent / 100 AS commission) e
        WHERE CASE WHEN c.service_tax_percent > 0 THEN
                -- Three sums were rounded, one after the other: each is off by less than two units together.
                abs(m.commission - s.service_tax - e.commission) > 2 OR abs(m.tax - s.service_tax
                    - e.commission * c.commission_tax_percent / (100 + c.commission_tax_percent)) > 2
            ELSE 2 * abs(m.commission * 100 - m.earned * c.commission_percent) > 100
                OR 2 * abs(m.tax * (100 + c.commission_tax_percent) - m.commission * c.commission_tax_percent)
                    > 100 + c.commission_tax_percent END
        """,
    ),
    Check(
        "pending-refunds-are-in-their-account",
        "For each refund, what is neither given back nor given up lies in refund_pending, and nothing else does.",
        """
        SELECT coalesce(r.refund_id, l.refund_id) AS refund_id, r.status, r.amount, l.held
        FROM (SELECT * FROM refunds WHERE status = 'pending') r
        FULL JOIN (SELECT t.refund_id, -sum(e.amount) AS held FROM ledger_transactions t
            JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'refund_pending'
            GROUP BY t.refund_id HAVING sum(e.amount) <> 0) l ON l.refund_id = r.refund_id
        WHERE r.amount IS DISTINCT FROM l.held
        """,
    ),
    Check(
        "doctors-money-names-its-doctor",
        "Every posting on a doctor's account, and every posting of an appointment, says whose it is.",
        """
        SELECT t.external_key, t.doctor_id, c.doctor_id AS of_appointment FROM ledger_transactions t
            LEFT JOIN payment_cases c USING (appointment_id)
        WHERE t.doctor_id IS DISTINCT FROM coalesce(c.doctor_id, t.doctor_id) OR (t.doctor_id IS NULL AND EXISTS (
            SELECT FROM ledger_entries e WHERE e.transaction_id = t.id
                AND e.account IN ('doctor_payable', 'doctor_receivable')))
        """,
    ),
    Check(
        "nothing-is-booked-into-a-closed-period",
        "No posting came after the closing of the period that it is booked into.",
        """
        SELECT t.external_key, t.booked_on, t.created_at, p.closed_until, p.closed_at
        FROM ledger_transactions t JOIN ledger_periods p ON t.booked_on <= p.closed_until
        WHERE t.id > p.last_transaction
        """,
    ),
    Check(
        "payouts-are-in-the-ledger",
        "What is on its way to a doctor lies in payout_pending, what arrived has left the bank, and nothing else does.",
        """
        SELECT coalesce(p.payout_id, l.payout_id) AS payout_id, p.status, p.amount, l.pending, l.doctors, l.left_bank
        FROM (SELECT *, CASE WHEN status IN ('approved', 'queued', 'processing') THEN amount ELSE 0 END AS pending,
                CASE WHEN status IN ('approved', 'queued', 'processing', 'processed') THEN amount ELSE 0 END AS paid,
                CASE WHEN status = 'processed' THEN amount + fee ELSE 0 END AS gone FROM doctor_payouts) p
        FULL JOIN (SELECT split_part(t.external_key, ':', 2)::uuid AS payout_id,
                -coalesce(sum(e.amount) FILTER (WHERE e.account = 'payout_pending'), 0) AS pending,
                coalesce(sum(e.amount) FILTER (WHERE e.account = 'doctor_payable'), 0) AS doctors,
                -coalesce(sum(e.amount) FILTER (WHERE e.account = 'bank'), 0) AS left_bank
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE t.external_key LIKE 'payout:%' GROUP BY 1) l ON l.payout_id = p.payout_id
        WHERE (coalesce(p.pending, 0), coalesce(p.paid, 0), coalesce(p.gone, 0))
            <> (coalesce(l.pending, 0), coalesce(l.doctors, 0), coalesce(l.left_bank, 0))
        """,
    ),
    Check(
        "no-payout-stays-unsent",
        "No approved payout waits longer than the age without the gateway having it.",
        """
        SELECT payout_id, doctor_id, tries, last_error FROM doctor_payouts
        WHERE status = 'approved' AND updated_at <= niyat_now() - make_interval(secs => $1)
        """,
    ),
    Check(
        "no-payout-stays-under-way",
        "A payout that the gateway has is there, or came back, within a fortnight.",
        """
        SELECT payout_id, doctor_id, status, gateway_payout_id, created_at FROM doctor_payouts
        WHERE status IN ('queued', 'processing')
            AND updated_at <= niyat_now() - interval '14 days' - make_interval(secs => $1)
        """,
    ),
    Check(
        "only-what-came-back-is-paid-again",
        "A payout that follows another one follows one that came to nothing, to the same doctor, of the same amount.",
        """
        SELECT n.payout_id, n.retry_of, o.status, o.amount, n.amount AS again FROM doctor_payouts n
            JOIN doctor_payouts o ON o.payout_id = n.retry_of
        WHERE (n.doctor_id, n.amount, n.currency) <> (o.doctor_id, o.amount, o.currency)
            OR (o.status NOT IN ('failed', 'reversed') AND NOT o.revived)
        """,
    ),
    Check(
        "nothing-is-paid-without-approval",
        "What was sent is of a batch that somebody approved; what waits to be approved is of one that nobody decided.",
        """
        SELECT p.payout_id, p.status, b.batch_id, b.status AS batch_status
        FROM doctor_payouts p JOIN payout_batches b USING (batch_id)
        WHERE (p.status NOT IN ('pending', 'cancelled') AND b.status <> 'approved')
            OR (p.status = 'pending' AND b.status <> 'proposed')
        """,
    ),
    Check(
        "debts-are-debts",
        "What doctors owe us is never below zero.",
        """
        SELECT t.doctor_id, e.currency, sum(e.amount) AS receivable FROM ledger_entries e
            JOIN ledger_transactions t ON t.id = e.transaction_id WHERE e.account = 'doctor_receivable'
        GROUP BY t.doctor_id, e.currency HAVING sum(e.amount) < 0
        """,
    ),
    *RECONCILIATION_CHECKS,
)
