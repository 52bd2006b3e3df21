-- Disputes, the gateway's settlements and their report, what differs from our books, and the gateway's downtimes.
-- docs/adr/0017 says why. Lock order: the case, then the dispute or the row of a report; the ledger's lock last.

-- A patient's bank objects to a captured payment. While it is undecided, nothing of that visit's money moves.
CREATE TABLE disputes (
    dispute_id         uuid PRIMARY KEY,
    gateway_dispute_id text NOT NULL,
    gateway_payment_id text NOT NULL REFERENCES payment_attempts,
    payment_id         uuid NOT NULL REFERENCES payment_transactions,
    appointment_id     uuid NOT NULL REFERENCES payment_cases,
    status             text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'under-review', 'won', 'lost', 'closed')),
    phase              text NOT NULL,                   -- the gateway's word, such as chargeback
    reason_code        text NOT NULL,
    amount             bigint NOT NULL CHECK (amount > 0),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_deducted    bigint NOT NULL DEFAULT 0 CHECK (amount_deducted >= 0),  -- what the gateway took of our balance
    respond_by         timestamptz,                     -- until then evidence is taken
    opened_at          timestamptz NOT NULL,            -- by the gateway's clock
    decided_at         timestamptz,
    next_at            timestamptz NOT NULL DEFAULT niyat_now(),    -- when the gateway is asked; also the lease
    tries              bigint NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at         timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT disputes_gateway_once UNIQUE (gateway_dispute_id),
    CONSTRAINT disputes_decided_has_its_time
        CHECK ((status IN ('won', 'lost', 'closed')) = (decided_at IS NOT NULL))
);

CREATE INDEX disputes_by_attempt ON disputes (gateway_payment_id);
CREATE INDEX disputes_undecided ON disputes (appointment_id) WHERE status IN ('open', 'under-review');
CREATE INDEX disputes_due ON disputes (next_at) WHERE status IN ('open', 'under-review');

-- The same tables as TRANSITIONS in disputes.py and in reconciliation.py; tests try every pair.
CREATE FUNCTION dispute_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'open' THEN to_status IN ('under-review', 'won', 'lost', 'closed')
    WHEN 'under-review' THEN to_status IN ('open', 'won', 'lost', 'closed')
    ELSE false
END;

CREATE FUNCTION difference_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN from_status = 'open' AND to_status = 'explained';

CREATE FUNCTION reconciliation_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN from_status = 'asked' AND to_status IN ('done', 'failed');

CREATE TRIGGER disputes_legal_move BEFORE UPDATE OF status ON disputes
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT dispute_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_move();

-- What waits for a dispute: refunds are not sent, and doctors not paid, for these visits. Nothing else says so.
CREATE OR REPLACE VIEW frozen_appointments AS
SELECT DISTINCT appointment_id FROM disputes WHERE status IN ('open', 'under-review');

-- Refunds that are not sent, because a lost dispute gave the patient their money already. Only grows.
CREATE TABLE refunds_by_dispute (
    refund_id  uuid PRIMARY KEY REFERENCES refunds,
    dispute_id uuid NOT NULL REFERENCES disputes,
    at         timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX refunds_by_dispute_of ON refunds_by_dispute (dispute_id);
CREATE TRIGGER refunds_by_dispute_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON refunds_by_dispute
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();

-- What of each lost dispute is left to be such a refund, in minor units.
CREATE VIEW charged_back AS
SELECT d.dispute_id, d.gateway_payment_id, (d.amount_deducted - coalesce(sum(r.amount), 0))::bigint AS spare
FROM disputes d LEFT JOIN refunds_by_dispute b USING (dispute_id) LEFT JOIN refunds r USING (refund_id)
WHERE d.decided_at IS NOT NULL GROUP BY d.dispute_id;

-- Paid twice: what went back as refunds and was taken by disputes, more than there ever was, in minor units.
CREATE VIEW double_losses AS
SELECT a.gateway_payment_id, a.payment_id, a.appointment_id, a.currency,
    (d.deducted + r.sent - a.captured_amount)::bigint AS amount
FROM payment_attempts a
JOIN (SELECT gateway_payment_id, sum(amount_deducted) AS deducted FROM disputes WHERE decided_at IS NOT NULL
    GROUP BY gateway_payment_id) d USING (gateway_payment_id)
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS sent FROM refunds
    WHERE gateway_payment_id = a.gateway_payment_id AND refund_id NOT IN (SELECT refund_id FROM refunds_by_dispute)
        AND (status = 'processed' OR (status = 'pending' AND gateway_refund_id IS NOT NULL))) r
WHERE d.deducted > 0 AND d.deducted + r.sent > a.captured_amount;

-- One reading of the report of one day, by the gateway's calendar.
CREATE TABLE reconciliation_runs (
    run_id      uuid PRIMARY KEY,
    day         date NOT NULL,
    status      text NOT NULL DEFAULT 'asked' CHECK (status IN ('asked', 'done', 'failed')),
    asked_by    uuid,                                   -- none: the daily one
    asked_at    timestamptz NOT NULL DEFAULT niyat_now(),
    next_at     timestamptz NOT NULL DEFAULT niyat_now(),   -- when to go on; also the lease of who is at it
    tries       bigint NOT NULL DEFAULT 0,
    last_error  text,
    settlements bigint NOT NULL DEFAULT 0,
    rows_read   bigint NOT NULL DEFAULT 0,
    matched     bigint NOT NULL DEFAULT 0,
    differences bigint NOT NULL DEFAULT 0,              -- found by this reading
    finished_at timestamptz,
    CONSTRAINT reconciliation_runs_finished_has_its_time CHECK ((status = 'asked') = (finished_at IS NULL))
);

CREATE UNIQUE INDEX reconciliation_runs_one_asked ON reconciliation_runs (day) WHERE status = 'asked';
CREATE INDEX reconciliation_runs_by_day ON reconciliation_runs (day, finished_at);
CREATE TRIGGER reconciliation_runs_legal_move BEFORE UPDATE OF status ON reconciliation_runs
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT reconciliation_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_move();

-- What the gateway sent to the bank. Only grows, as do the rows of its report.
CREATE TABLE settlements (
    settlement_id text PRIMARY KEY,                     -- the gateway's
    amount        bigint NOT NULL,
    currency      text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    utr           text,                                 -- the banks' reference number
    day           date NOT NULL,                        -- of the report, by the gateway's calendar
    settled_at    timestamptz NOT NULL,
    read_at       timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX settlements_by_day ON settlements (day);

-- Each row of the report as it came, once. The same row twice in one report is two of them.
CREATE TABLE settlement_rows (
    row_id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    settlement_id      text NOT NULL REFERENCES settlements,
    type               text NOT NULL,
    entity_id          text NOT NULL,
    occurrence         bigint NOT NULL CHECK (occurrence > 0),
    net                bigint NOT NULL,                 -- credit less debit
    fee                bigint NOT NULL,                 -- tax included
    tax                bigint NOT NULL,
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    order_receipt      text,
    gateway_dispute_id text,
    settled_at         timestamptz NOT NULL,
    raw                jsonb NOT NULL,
    read_at            timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT settlement_rows_once UNIQUE (settlement_id, type, entity_id, occurrence)
);

CREATE INDEX settlement_rows_by_entity ON settlement_rows (entity_id);

-- Which row is of which money of ours; each of our items is settled by one row.
CREATE TABLE settlement_matches (
    row_id         bigint PRIMARY KEY REFERENCES settlement_rows,
    type           text NOT NULL,
    entity_id      text NOT NULL,
    appointment_id uuid NOT NULL REFERENCES payment_cases,
    payment_id     uuid NOT NULL REFERENCES payment_transactions,
    refund_id      uuid REFERENCES refunds,
    dispute_id     uuid REFERENCES disputes,
    expected       bigint NOT NULL,                     -- the net amount by our books
    matched_at     timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT settlement_matches_entity_once UNIQUE (type, entity_id)
);

CREATE INDEX settlement_matches_by_refund ON settlement_matches (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX settlement_matches_by_dispute ON settlement_matches (dispute_id) WHERE dispute_id IS NOT NULL;

-- Where the gateway's report and our books differ. Money of it that reached the bank waits in `suspense`.
CREATE TABLE reconciliation_differences (
    difference_id  uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN (
        'missing', 'doubled', 'amount-differs', 'fee-differs', 'unknown', 'changed', 'without-visit', 'total-differs')),
    status         text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'explained')),
    fact           text NOT NULL,                       -- what it is about, once
    settlement_id  text REFERENCES settlements,         -- theirs; none of what was never settled
    entity_id      text,                                -- theirs: of a payment, a refund or an adjustment
    appointment_id uuid REFERENCES payment_cases,       -- ours
    payment_id     uuid REFERENCES payment_transactions,
    refund_id      uuid REFERENCES refunds,
    dispute_id     uuid REFERENCES disputes,
    amount         bigint NOT NULL,                     -- by how much theirs is more than ours; below zero: less
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    day            date NOT NULL,                       -- of the report, or when it was missed
    found_at       timestamptz NOT NULL DEFAULT niyat_now(),
    explained_at   timestamptz,
    explained_by   uuid,                                -- none: a later report did
    reason         text CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT reconciliation_differences_once UNIQUE (fact),
    CONSTRAINT reconciliation_differences_explained_has_its_reason CHECK (
        (status = 'explained') = (explained_at IS NOT NULL) AND (status = 'explained') = (reason IS NOT NULL))
);

CREATE INDEX reconciliation_differences_by_day ON reconciliation_differences (day);
CREATE INDEX reconciliation_differences_open ON reconciliation_differences (settlement_id) WHERE status = 'open';
CREATE TRIGGER reconciliation_differences_legal_move BEFORE UPDATE OF status ON reconciliation_differences
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT difference_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_move();

-- What of each settlement lies in suspense, in minor units: above zero, the bank got more than is explained.
CREATE VIEW settlement_suspense AS
SELECT settlement_id, currency, amount FROM (
    SELECT CASE split_part(t.external_key, ':', 1) WHEN 'setl' THEN split_part(t.external_key, ':', 2)
        WHEN 'diff' THEN (SELECT d.settlement_id FROM reconciliation_differences d
            WHERE d.difference_id = split_part(t.external_key, ':', 2)::uuid) END AS settlement_id,
        e.currency, -sum(e.amount)::bigint AS amount
    FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
    WHERE e.account = 'suspense' GROUP BY 1, 2) s
WHERE settlement_id IS NOT NULL AND amount <> 0;

-- Whether captured money is on a confirmed visit, or goes back (as the audit's captured-money-has-a-place).
CREATE VIEW placed_payments AS
SELECT v.gateway_payment_id, v.exception IS NOT NULL OR (v.refunding >= v.owed_back AND (
    c.status = 'closed' OR v.refunding >= v.captured_amount
    OR (v.step = 'kept' AND c.confirmed_payment_id IS NOT DISTINCT FROM v.id))) AS placed
FROM audit_captured_payments v JOIN payment_cases c USING (appointment_id);

-- Money of ours that the gateway settles and that is in no report yet, net as it reaches the bank.
CREATE VIEW unsettled_items AS
SELECT a.gateway_payment_id AS entity_id, a.captured_amount - coalesce(a.fee, 0) AS net, a.currency,
    a.appointment_id, a.payment_id, NULL::uuid AS refund_id, NULL::uuid AS dispute_id, a.captured_at AS happened_at
FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
WHERE a.captured_amount > 0 AND p.gateway <> 'manual'
    AND NOT EXISTS (SELECT FROM settlement_matches m WHERE m.type = 'payment' AND m.entity_id = a.gateway_payment_id)
UNION ALL
SELECT r.gateway_refund_id, -r.amount, r.currency, r.appointment_id, r.payment_id, r.refund_id, NULL, r.sent_at
FROM refunds r WHERE r.gateway_refund_id IS NOT NULL AND r.status IN ('pending', 'processed')
    AND NOT EXISTS (SELECT FROM settlement_matches m WHERE m.type = 'refund' AND m.entity_id = r.gateway_refund_id)
UNION ALL
SELECT d.gateway_dispute_id, -d.amount_deducted, d.currency, d.appointment_id, d.payment_id, NULL, d.dispute_id,
    d.decided_at
FROM disputes d WHERE d.decided_at IS NOT NULL AND d.amount_deducted > 0
    AND NOT EXISTS (SELECT FROM settlement_matches m WHERE m.dispute_id = d.dispute_id);

CREATE TRIGGER settlements_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON settlements
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER settlement_rows_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_rows
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER settlement_matches_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_matches
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();

-- The gateway's word that a bank, a card network or a UPI app has trouble.
CREATE TABLE gateway_downtimes (
    downtime_id  text PRIMARY KEY,                      -- the gateway's
    method       text NOT NULL,
    instrument   jsonb NOT NULL,
    severity     text NOT NULL,
    scheduled    boolean NOT NULL,
    begins_at    timestamptz NOT NULL,
    ends_at      timestamptz,
    resolved     boolean NOT NULL,
    changed_at   timestamptz NOT NULL,                  -- by the gateway's clock: what is older is ignored
    confirmed_at timestamptz NOT NULL DEFAULT niyat_now()   -- when the gateway last said so
);

CREATE INDEX gateway_downtimes_lasting ON gateway_downtimes (begins_at) WHERE NOT resolved;

-- The gateway's lists that are read now and then, because its webhooks may be lost.
CREATE TABLE gateway_lists (
    list    text PRIMARY KEY CHECK (list IN ('disputes', 'downtimes')),
    next_at timestamptz NOT NULL                        -- when to read it; also the lease of who is at it
);
INSERT INTO gateway_lists (list, next_at)
SELECT list, niyat_now() + interval '5 minutes' FROM unnest(ARRAY['disputes', 'downtimes']) AS l (list);

REVOKE UPDATE, DELETE, TRUNCATE ON settlements, settlement_rows, settlement_matches, refunds_by_dispute FROM payments;
REVOKE DELETE, TRUNCATE ON disputes, reconciliation_runs, reconciliation_differences, gateway_lists FROM payments;

ALTER TABLE audit_log
    -- squawk-ignore ban-drop-constraint, constraint-missing-not-valid
    DROP CONSTRAINT audit_log_action_check, ADD CONSTRAINT audit_log_action_check CHECK (action IN (
        'record-receipt', 'void-payment', 'reopen-payment', 'ask-gateway', 'refund-payment', 'hand-back',
        'close-period', 'correct-ledger',
        'set-fund-account', 'propose-payouts', 'approve-payouts', 'discard-payouts', 'cancel-payout', 'retry-payout',
        'note-dispute', 'explain-difference'));
