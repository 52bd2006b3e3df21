-- The tables of payments. docs/adr/0009 says what a payment, an order and an attempt are.
-- Lock order: the case, then the payment, then the refund. Money is integer minor units.

-- What all payments of one appointment share: the row to lock, the events' sequence, the price, what is owed back.
CREATE TABLE payment_cases (
    appointment_id       uuid PRIMARY KEY,
    patient_id           uuid NOT NULL,
    doctor_id            uuid NOT NULL,
    amount               bigint NOT NULL CHECK (amount > 0),
    currency             text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    policy               jsonb NOT NULL DEFAULT '{}',
    hold_expires_at      timestamptz,
    starts_at            timestamptz,
    status               text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    closed_at            timestamptz,
    revision             bigint NOT NULL DEFAULT 0,     -- the newest move of the visit that was seen
    moved_back           bigint NOT NULL DEFAULT 0,     -- what it costs less since it moved: that went back
    -- Of a closed visit that had been confirmed by `owed_payment_id`, moves included; other money goes back in full.
    owed_payment_id      uuid,
    owed_back            bigint CHECK (owed_back >= 0),
    confirmed_payment_id uuid,
    confirmed_at         timestamptz,
    earned_at            timestamptz,                   -- what was kept of its money is a deposit no more
    -- The terms on which it was earned; none before.
    commission_percent   numeric(5, 2) NOT NULL DEFAULT 0 CHECK (commission_percent BETWEEN 0 AND 100),
    commission_tax_percent numeric(5, 2) NOT NULL DEFAULT 0 CHECK (commission_tax_percent BETWEEN 0 AND 100),
    expired_at           timestamptz,
    sequence             bigint NOT NULL DEFAULT 0,
    securing             bigint NOT NULL DEFAULT 1,     -- goes with every `secure`; rises with every release
    created_at           timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at           timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT payment_cases_moved_back_at_most_its_price CHECK (moved_back BETWEEN 0 AND amount),
    CONSTRAINT payment_cases_closed_has_its_time CHECK ((status = 'closed') = (closed_at IS NOT NULL))
);

CREATE TABLE payment_transactions (
    payment_id         uuid PRIMARY KEY,
    appointment_id     uuid NOT NULL REFERENCES payment_cases,
    account_id         uuid NOT NULL,
    gateway            text NOT NULL DEFAULT 'razorpay' CHECK (gateway IN ('razorpay', 'manual')),
    amount             bigint NOT NULL CHECK (amount > 0),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status             text NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'authorized', 'captured', 'failed', 'partially-refunded', 'refunded')),
    method             text CHECK (method IN (
        'card', 'upi', 'netbanking', 'wallet', 'emi', 'paylater', 'bank-transfer', 'cash', 'other')),
    open               boolean NOT NULL DEFAULT true,   -- its order may still be shown to the patient
    gateway_order_id   text,
    gateway_payment_id text,                            -- the attempt whose money this payment kept
    order_asked_at     timestamptz,                     -- an order may exist since then, answered or not
    order_lease_until  timestamptz,
    captured_amount    bigint NOT NULL DEFAULT 0 CHECK (captured_amount >= 0),
    refunded_amount    bigint NOT NULL DEFAULT 0,
    captured_at        timestamptz,
    poll_at            timestamptz,                     -- when the gateway is next asked about the order
    polls              bigint NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at         timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT payment_transactions_order_once UNIQUE (gateway_order_id),
    CONSTRAINT payment_transactions_attempt_once UNIQUE (gateway_payment_id),
    CONSTRAINT payment_transactions_refunded_at_most_captured
        CHECK (refunded_amount BETWEEN 0 AND captured_amount)
);

CREATE UNIQUE INDEX payment_transactions_one_open ON payment_transactions (appointment_id) WHERE open;
CREATE INDEX payment_transactions_by_case ON payment_transactions (appointment_id);
CREATE INDEX payment_transactions_by_account ON payment_transactions (account_id, payment_id DESC);
CREATE INDEX payment_transactions_to_poll ON payment_transactions (poll_at) WHERE poll_at IS NOT NULL;

-- The gateway's payments (`pay_*`), of which one order may have many.
CREATE TABLE payment_attempts (
    gateway_payment_id text PRIMARY KEY,
    payment_id         uuid NOT NULL REFERENCES payment_transactions,
    appointment_id     uuid NOT NULL REFERENCES payment_cases,
    status             text NOT NULL CHECK (status IN ('created', 'failed', 'authorized', 'captured', 'refunded')),
    step               text NOT NULL DEFAULT 'idle' CHECK (step IN (
        'idle', 'securing', 'capturing', 'kept', 'lapsing', 'set-aside', 'returning', 'released')),
    amount             bigint NOT NULL CHECK (amount >= 0),
    currency           text NOT NULL,
    method             text,
    captured_amount    bigint NOT NULL DEFAULT 0 CHECK (captured_amount >= 0),
    captured_at        timestamptz,
    gateway_refunded   bigint NOT NULL DEFAULT 0,       -- what the gateway says went back, whoever asked for it
    import_at          timestamptz,                     -- it says more than we know of: when its refunds are read
    fee                bigint,
    tax                bigint,
    error_code         text,
    error_reason       text,
    error_description  text,                            -- the gateway's sentence for whoever tried to pay
    capture_asked_at   timestamptz,                     -- a capture may have happened since then
    next_at            timestamptz,                     -- when to go on; also the lease of who is at it
    tries              bigint NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at         timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT payment_attempts_captured_has_its_time CHECK ((captured_amount > 0) = (captured_at IS NOT NULL)),
    CONSTRAINT payment_attempts_only_what_is_captured_is_kept
        CHECK (step NOT IN ('kept', 'returning') OR captured_amount > 0)
);

CREATE INDEX payment_attempts_by_payment ON payment_attempts (payment_id);
CREATE INDEX payment_attempts_due ON payment_attempts (next_at) WHERE step IN ('securing', 'capturing');
CREATE INDEX payment_attempts_to_import ON payment_attempts (import_at) WHERE import_at IS NOT NULL;
CREATE INDEX payment_attempts_unconfirmed ON payment_attempts (appointment_id, next_at) WHERE step = 'kept';
CREATE UNIQUE INDEX payment_attempts_one_kept_per_appointment ON payment_attempts (appointment_id)
    WHERE step IN ('capturing', 'kept');

-- The same tables as TRANSITIONS, STEPS and REFUND_TRANSITIONS in domain.py; a test tries every pair.
CREATE FUNCTION payment_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'pending' THEN to_status IN ('authorized', 'captured', 'failed')
    WHEN 'failed' THEN to_status IN ('authorized', 'captured')
    WHEN 'authorized' THEN to_status IN ('captured', 'failed')
    WHEN 'captured' THEN to_status IN ('partially-refunded', 'refunded')
    WHEN 'partially-refunded' THEN to_status IN ('refunded', 'captured')
    WHEN 'refunded' THEN to_status IN ('partially-refunded', 'captured')
    ELSE false
END;

CREATE FUNCTION attempt_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'idle' THEN to_status IN ('securing', 'returning', 'released')
    WHEN 'securing' THEN to_status IN ('capturing', 'kept', 'lapsing', 'set-aside', 'returning', 'released')
    WHEN 'capturing' THEN to_status IN ('kept', 'lapsing', 'returning', 'released')
    WHEN 'kept' THEN to_status IN ('returning')
    WHEN 'lapsing' THEN to_status IN ('securing', 'returning', 'released')
    WHEN 'set-aside' THEN to_status IN ('securing', 'returning', 'released')
    WHEN 'released' THEN to_status IN ('securing', 'returning')
    ELSE false
END;

CREATE FUNCTION refund_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'pending' THEN to_status IN ('processed', 'failed', 'superseded')
    WHEN 'processed' THEN to_status IN ('failed')
    WHEN 'failed' THEN to_status IN ('pending')
    WHEN 'superseded' THEN to_status IN ('pending')
    ELSE false
END;

CREATE FUNCTION refuse_move() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no such move in %', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END
$$;

CREATE TRIGGER payment_transactions_legal_move BEFORE UPDATE OF status ON payment_transactions
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT payment_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_move();
CREATE TRIGGER payment_attempts_legal_step BEFORE UPDATE OF step ON payment_attempts
    FOR EACH ROW WHEN (OLD.step <> NEW.step AND NOT attempt_may_move(OLD.step, NEW.step))
    EXECUTE FUNCTION refuse_move();

-- What happened to each payment, in order. Only grows.
CREATE TABLE payment_history (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id         uuid NOT NULL REFERENCES payment_transactions,
    appointment_id     uuid NOT NULL REFERENCES payment_cases,
    gateway_payment_id text,
    refund_id          uuid,
    what               text NOT NULL,
    from_status        text,
    to_status          text,
    source             text NOT NULL,
    reason_code        text,
    actor_id           uuid,
    happened_at        timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX payment_history_by_payment ON payment_history (payment_id, id);

-- Our decisions to give money back. `refund_id` is also the gateway's idempotency key.
CREATE TABLE refunds (
    refund_id          uuid PRIMARY KEY,
    payment_id         uuid NOT NULL REFERENCES payment_transactions,
    appointment_id     uuid NOT NULL REFERENCES payment_cases,
    gateway_payment_id text NOT NULL REFERENCES payment_attempts,
    amount             bigint NOT NULL CHECK (amount > 0),
    currency           text NOT NULL,
    status             text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processed', 'failed', 'superseded')),
    reason_code        text NOT NULL,
    cause              text NOT NULL,                   -- what it is owed for, once
    requested_by       uuid,
    gateway_refund_id  text,
    sent_at            timestamptz,                     -- a refund may exist at the gateway since then
    from_deposit       bigint NOT NULL CHECK (from_deposit BETWEEN 0 AND amount),
    from_owed          bigint NOT NULL DEFAULT 0 CHECK (from_owed BETWEEN 0 AND amount - from_deposit),
    revived            boolean NOT NULL DEFAULT false,  -- we took it for failed, and the gateway has it after all
    next_at            timestamptz,
    tries              bigint NOT NULL DEFAULT 0,
    last_error         text,
    created_at         timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at         timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT refunds_cause_once UNIQUE (cause),
    CONSTRAINT refunds_gateway_once UNIQUE (gateway_refund_id)
);

CREATE INDEX refunds_by_payment ON refunds (payment_id);
CREATE INDEX refunds_by_attempt ON refunds (gateway_payment_id);
CREATE TRIGGER refunds_legal_move BEFORE UPDATE OF status ON refunds
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT refund_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_move();
CREATE INDEX refunds_due ON refunds (next_at) WHERE status = 'pending';

-- What was taken at the desk, as the administrator who took it says; its payment has gateway 'manual'. Only grows.
CREATE TABLE manual_receipts (
    payment_id  uuid PRIMARY KEY REFERENCES payment_transactions,
    method      text NOT NULL CHECK (method IN ('cash', 'card', 'upi', 'bank-transfer', 'other')),
    reference   text NOT NULL DEFAULT '' CHECK (length(reference) <= 100),  -- of the receipt book, the card machine or the transfer
    reason_code text NOT NULL,
    received_by uuid NOT NULL,
    request     text NOT NULL,                          -- the same request is the same receipt
    received_at timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT manual_receipts_request_once UNIQUE (received_by, request)
);

-- Refunds of manual receipts that were handed back at the desk. Until there is a row here, the money is owed.
CREATE TABLE manual_refunds (
    refund_id    uuid PRIMARY KEY REFERENCES refunds,
    method       text NOT NULL CHECK (method IN ('cash', 'card', 'upi', 'bank-transfer', 'other')),
    reference    text NOT NULL DEFAULT '' CHECK (length(reference) <= 100),
    reason_code  text NOT NULL,
    handed_by    uuid NOT NULL,
    handed_at    timestamptz NOT NULL DEFAULT niyat_now()
);

-- What administrators did and why.
CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_id   uuid NOT NULL,
    action     text NOT NULL CHECK (action IN (
        'record-receipt', 'void-payment', 'reopen-payment', 'ask-gateway', 'refund-payment', 'hand-back',
        'close-period', 'correct-ledger')),
    subject_id uuid NOT NULL,                           -- what it was done to
    reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    at         timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX audit_log_subject ON audit_log (subject_id, id);

-- What doctors are paid for the visits they held; filled once payouts are made.
CREATE TABLE doctor_payouts (
    payout_id         uuid PRIMARY KEY,
    doctor_id         uuid NOT NULL,
    amount            bigint NOT NULL CHECK (amount > 0),
    currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status            text NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'queued', 'processing', 'processed', 'reversed', 'failed', 'cancelled')),
    period_starts_at  timestamptz NOT NULL,
    period_ends_at    timestamptz NOT NULL,
    gateway_payout_id text,
    utr               text,
    failure_reason    text,
    sequence          bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at        timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT doctor_payouts_period_ends_after_it_starts CHECK (period_ends_at > period_starts_at),
    CONSTRAINT doctor_payouts_gateway_once UNIQUE (gateway_payout_id)
);

CREATE INDEX doctor_payouts_by_doctor ON doctor_payouts (doctor_id, payout_id DESC);

-- The gateway's webhooks, byte for byte, each once; worked off by a job.
CREATE TABLE webhook_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     text NOT NULL,
    event_id    text NOT NULL,
    type        text NOT NULL,
    body        bytea NOT NULL,
    status      text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'done', 'dead')),
    tries       bigint NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL DEFAULT niyat_now(),   -- also the lease of who is at it
    last_error  text,
    received_at timestamptz NOT NULL DEFAULT niyat_now(),
    finished_at timestamptz,
    CONSTRAINT webhook_events_once UNIQUE (account, event_id),
    CONSTRAINT webhook_events_finished_has_its_time CHECK ((status = 'new') = (finished_at IS NULL))
);

CREATE INDEX webhook_events_due ON webhook_events (next_at, id) WHERE status = 'new';
CREATE INDEX webhook_events_finished ON webhook_events (finished_at) WHERE status = 'done';

-- The ledger: double entry, append-only, one transaction per external fact.
CREATE TABLE ledger_accounts (
    account text PRIMARY KEY,
    kind    text NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense')),
    means   text NOT NULL
);

INSERT INTO ledger_accounts (account, kind, means) VALUES
    ('gateway_clearing', 'asset', 'Captured at the gateway and not yet settled to the bank'),
    ('bank', 'asset', 'Settled to the bank'),
    ('cash', 'asset', 'Received at the desk in cash'),
    ('desk_clearing', 'asset', 'Received at the desk by card machine, UPI or transfer, not yet seen in the bank'),
    ('dispute_hold', 'asset', 'Held back by the gateway while a dispute is open'),
    ('patient_deposit', 'liability', 'Paid for visits that have not taken place'),
    ('refund_pending', 'liability', 'Decided to go back, not yet processed'),
    ('refund_owed', 'liability', 'Owed to patients because a refund of it failed'),
    ('doctor_payable', 'liability', 'Earned by doctors, not yet paid out'),
    ('gst_output', 'liability', 'Tax collected'),
    ('suspense', 'liability', 'Money that matches nothing yet'),
    ('platform_revenue', 'income', 'Commission'),
    ('gateway_fee', 'expense', 'What the gateway charges'),
    ('gst_input', 'asset', 'Tax paid on fees'),
    ('chargeback_loss', 'expense', 'Disputes lost');

CREATE TABLE ledger_transactions (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    external_key   text NOT NULL,
    appointment_id uuid REFERENCES payment_cases,
    payment_id     uuid REFERENCES payment_transactions,
    refund_id      uuid REFERENCES refunds,
    doctor_id      uuid,                                -- whose statement it is on
    event_at       timestamptz NOT NULL,                -- when it happened outside: decides the period
    booked_on      date NOT NULL,                       -- the day of that, or the first open one: set by the database
    created_at     timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT ledger_transactions_fact_once UNIQUE (external_key)
);

CREATE INDEX ledger_transactions_by_case ON ledger_transactions (appointment_id);
CREATE INDEX ledger_transactions_by_day ON ledger_transactions (booked_on, id);
CREATE INDEX ledger_transactions_by_doctor ON ledger_transactions (doctor_id, booked_on);
CREATE INDEX ledger_transactions_by_payment ON ledger_transactions (payment_id);

CREATE TABLE ledger_entries (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id bigint NOT NULL REFERENCES ledger_transactions,
    account        text NOT NULL REFERENCES ledger_accounts,
    amount         bigint NOT NULL CHECK (amount <> 0), -- debit above zero, credit below
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX ledger_entries_by_transaction ON ledger_entries (transaction_id);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account, id);

CREATE FUNCTION ledger_sums_to_zero() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    touched bigint;
BEGIN
    IF TG_TABLE_NAME = 'ledger_transactions' THEN touched := NEW.id; ELSE touched := NEW.transaction_id; END IF;
    IF NOT EXISTS (SELECT FROM ledger_entries WHERE transaction_id = touched)
        OR EXISTS (SELECT FROM ledger_entries WHERE transaction_id = touched GROUP BY currency HAVING sum(amount) <> 0)
    THEN
        RAISE EXCEPTION 'ledger transaction % does not sum to zero', touched
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_sums_to_zero';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER ledger_transaction_sums_to_zero AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_sums_to_zero();
CREATE CONSTRAINT TRIGGER ledger_entries_sum_to_zero AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_sums_to_zero();

CREATE FUNCTION only_grows() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows; a correction is a new row', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER ledger_transactions_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER ledger_entries_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER payment_history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_history
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER manual_receipts_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON manual_receipts
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER manual_refunds_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON manual_refunds
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();

REVOKE UPDATE, DELETE, TRUNCATE
    ON ledger_transactions, ledger_entries, payment_history, manual_receipts, manual_refunds, audit_log FROM payments;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ledger_accounts FROM payments;

-- What the audit across services compares with appointments: every attempt whose money we took.
CREATE VIEW audit_captured_payments AS
SELECT a.gateway_payment_id, a.payment_id AS id, a.appointment_id, a.captured_amount, a.step,
    o.back AS owed_back,
    r.refunding, r.owed_of_failed,
    -- Only what a failed refund still owes is excused, and only where it explains everything that is missing.
    CASE WHEN r.refunding < o.back AND r.refunding + r.owed_of_failed >= o.back THEN 'refund-failed' END AS exception,
    greatest(a.updated_at, c.updated_at) AS updated_at
FROM payment_attempts a JOIN payment_cases c USING (appointment_id)
CROSS JOIN LATERAL (SELECT CASE WHEN a.step = 'returning' THEN a.captured_amount
    WHEN a.step = 'kept' AND c.status = 'closed' AND c.owed_payment_id IS NOT DISTINCT FROM a.payment_id
        THEN least(c.owed_back, a.captured_amount)
    WHEN a.step = 'kept' AND c.status = 'open' THEN least(c.moved_back, a.captured_amount)
    WHEN c.status = 'closed' THEN a.captured_amount ELSE 0 END AS back) o
CROSS JOIN LATERAL (SELECT
    coalesce(sum(amount) FILTER (WHERE status IN ('pending', 'processed')), 0)::bigint AS refunding,
    greatest(0, coalesce(sum(amount) FILTER (WHERE status = 'failed'), 0) - coalesce(sum(from_owed), 0))::bigint
        AS owed_of_failed
    FROM refunds WHERE gateway_payment_id = a.gateway_payment_id) r
WHERE a.captured_amount > 0;
