-- Paying doctors out: where to, in which batches, and what became of each payout (docs/adr/0016).
-- Lock order: the lock of deciding about payouts, then the batch, then the payout; the ledger's lock last.

-- Where a doctor is paid: the gateway's fund account alone. No name, no account number, no UPI address.
CREATE TABLE doctor_fund_accounts (
    doctor_id       uuid PRIMARY KEY,
    fund_account_id text NOT NULL CHECK (fund_account_id ~ '^fa_[A-Za-z0-9]{1,36}$'),
    account_type    text NOT NULL CHECK (account_type IN ('bank_account', 'vpa')),
    set_by          uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at      timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE TABLE payout_batches (
    batch_id      uuid PRIMARY KEY,
    status        text NOT NULL DEFAULT 'proposed' CHECK (status IN ('proposed', 'approved', 'discarded')),
    cut_off       timestamptz NOT NULL,                 -- visits held before it
    scheduled_for date,                                 -- the payday it was proposed for, by itself; else by somebody
    proposed_by   uuid,
    decided_by    uuid,
    decided_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT payout_batches_payday_once UNIQUE (scheduled_for),
    CONSTRAINT payout_batches_somebody_decided CHECK (
        status = 'proposed' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)),
    CONSTRAINT payout_batches_proposed_by_one CHECK ((scheduled_for IS NULL) = (proposed_by IS NOT NULL))
);

-- Nothing was ever written here; it is made anew, with all that a payout has.
-- squawk-ignore ban-drop-table
DROP TABLE doctor_payouts;
CREATE TABLE doctor_payouts (
    payout_id         uuid PRIMARY KEY,                 -- also the gateway's idempotency key
    batch_id          uuid NOT NULL REFERENCES payout_batches,
    doctor_id         uuid NOT NULL,
    amount            bigint NOT NULL CHECK (amount > 0),
    currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status            text NOT NULL DEFAULT 'pending' CHECK (status IN (
        'pending', 'approved', 'queued', 'processing', 'processed', 'failed', 'reversed', 'cancelled')),
    period_starts_at  timestamptz NOT NULL,
    period_ends_at    timestamptz NOT NULL,
    retry_of          uuid REFERENCES doctor_payouts,   -- the payout that came to nothing before this one
    fund_account_id   text NOT NULL,                    -- as it was when proposed: a request is never changed
    mode              text NOT NULL CHECK (mode IN ('NEFT', 'IMPS', 'UPI')),
    gateway_payout_id text,
    utr               text,                             -- the banks' reference number
    fee               bigint NOT NULL DEFAULT 0 CHECK (fee >= 0),
    tax               bigint NOT NULL DEFAULT 0,
    failure_reason    text,
    sent_at           timestamptz,                      -- a payout may exist at the gateway since then
    asked_at          timestamptz,                      -- when it was last asked for
    processed_at      timestamptz,
    revived           boolean NOT NULL DEFAULT false,   -- we took it for failed, and the gateway has it after all
    next_at           timestamptz,                      -- when to go on; also the lease of who is at it
    tries             bigint NOT NULL DEFAULT 0,
    last_error        text,
    sequence          bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at        timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT doctor_payouts_period_ends_after_it_starts CHECK (period_ends_at > period_starts_at),
    CONSTRAINT doctor_payouts_gateway_once UNIQUE (gateway_payout_id),
    CONSTRAINT doctor_payouts_retried_once UNIQUE (retry_of),
    CONSTRAINT doctor_payouts_fee_has_its_tax CHECK (tax BETWEEN 0 AND fee)
);

CREATE UNIQUE INDEX doctor_payouts_one_proposed ON doctor_payouts (doctor_id, currency) WHERE status = 'pending';
CREATE INDEX doctor_payouts_by_doctor ON doctor_payouts (doctor_id, payout_id DESC);
CREATE INDEX doctor_payouts_by_batch ON doctor_payouts (batch_id, payout_id);
CREATE INDEX doctor_payouts_due ON doctor_payouts (next_at) WHERE next_at IS NOT NULL;

-- What happened to each payout, in order. Only grows.
CREATE TABLE payout_history (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout_id   uuid NOT NULL REFERENCES doctor_payouts,
    from_status text,
    to_status   text NOT NULL,
    source      text NOT NULL,
    reason_code text,
    actor_id    uuid,
    happened_at timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX payout_history_by_payout ON payout_history (payout_id, id);
CREATE TRIGGER payout_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_history
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
REVOKE UPDATE, DELETE, TRUNCATE ON payout_history FROM payments;
REVOKE DELETE, TRUNCATE ON doctor_payouts, payout_batches FROM payments;

-- The same tables as TRANSITIONS and BATCH_TRANSITIONS in payouts.py; a test tries every pair.
CREATE FUNCTION payout_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'pending' THEN to_status IN ('approved', 'cancelled')
    WHEN 'approved' THEN to_status IN ('queued', 'processing', 'processed', 'failed', 'reversed')
    WHEN 'queued' THEN to_status IN ('processing', 'processed', 'failed', 'reversed')
    WHEN 'processing' THEN to_status IN ('processed', 'failed', 'reversed')
    WHEN 'processed' THEN to_status IN ('reversed')
    WHEN 'failed' THEN to_status IN ('queued', 'processing', 'processed', 'reversed')
    ELSE false
END;

CREATE FUNCTION payout_batch_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN from_status = 'proposed' AND to_status IN ('approved', 'discarded');

CREATE TRIGGER doctor_payouts_legal_move BEFORE UPDATE OF status ON doctor_payouts
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT payout_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_move();
CREATE TRIGGER payout_batches_legal_move BEFORE UPDATE OF status ON payout_batches
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT payout_batch_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_move();

-- What is sent is what was decided: a known idempotency key with another body would be refused.
CREATE FUNCTION refuse_another_payout() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a payout is not changed' USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END
$$;
CREATE TRIGGER doctor_payouts_stay_what_they_are BEFORE UPDATE ON doctor_payouts
    FOR EACH ROW WHEN ((OLD.doctor_id, OLD.amount, OLD.currency, OLD.fund_account_id, OLD.mode, OLD.batch_id)
        IS DISTINCT FROM (NEW.doctor_id, NEW.amount, NEW.currency, NEW.fund_account_id, NEW.mode, NEW.batch_id))
    EXECUTE FUNCTION refuse_another_payout();

-- Visits whose money is not paid out for now, although it is earned. Whoever brings a reason to wait replaces this
-- view by one that names it; the sums below take it from here alone.
CREATE VIEW frozen_appointments AS SELECT NULL::uuid AS appointment_id WHERE false;

-- What each doctor is owed, in minor units: `owed` by the books (below zero: the doctor owes us), of it `frozen`, and
-- `held_back` of visits held at the cut-off or later. What a later refund took counts at once, and so does every
-- other debt: what is available may be below zero, and the next visits fill it up.
CREATE FUNCTION doctor_balances(cut_off timestamptz, only_doctor uuid DEFAULT NULL)
    RETURNS TABLE (doctor_id uuid, currency text, owed bigint, frozen bigint, held_back bigint, available bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH earned AS (
        SELECT t.doctor_id, e.currency, t.appointment_id, -sum(e.amount) AS net,
            coalesce(min(t.event_at) FILTER (WHERE t.external_key = 'appt:' || t.appointment_id || ':earned')
                >= cut_off, false) AS late,
            t.appointment_id IN (SELECT f.appointment_id FROM frozen_appointments f) AS waits
        FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
        WHERE e.account IN ('doctor_payable', 'doctor_receivable')
            AND (only_doctor IS NULL OR t.doctor_id = only_doctor)
        GROUP BY t.doctor_id, e.currency, t.appointment_id),
    sums AS (
        SELECT s.doctor_id, s.currency, sum(s.net)::bigint AS owed,
            coalesce(sum(greatest(s.net, 0)) FILTER (WHERE s.waits), 0)::bigint AS frozen,
            coalesce(sum(greatest(s.net, 0)) FILTER (WHERE s.late AND s.waits IS NOT TRUE), 0)::bigint AS held_back
        FROM earned s GROUP BY s.doctor_id, s.currency)
    SELECT s.doctor_id, s.currency, s.owed, s.frozen, s.held_back, s.owed - s.frozen - s.held_back FROM sums s
$$;

ALTER TABLE audit_log
    -- squawk-ignore ban-drop-constraint, constraint-missing-not-valid
    DROP CONSTRAINT audit_log_action_check, ADD CONSTRAINT audit_log_action_check CHECK (action IN (
        'record-receipt', 'void-payment', 'reopen-payment', 'ask-gateway', 'refund-payment', 'hand-back',
        'close-period', 'correct-ledger',
        'set-fund-account', 'propose-payouts', 'approve-payouts', 'discard-payouts', 'cancel-payout', 'retry-payout'));
