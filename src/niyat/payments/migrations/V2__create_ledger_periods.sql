-- The books' days. A posting is booked on the day of its event or, where that period is closed, on the first open day.
-- Reports go by booked_on, so that what was reported stays true; the audit goes by created_at (docs/adr/0015).

INSERT INTO ledger_accounts (account, kind, means) VALUES
    ('doctor_receivable', 'asset', 'Doctors owe it back: refunded after it was paid out to them'),
    ('payout_pending', 'liability', 'Sent to doctors, not yet processed');

-- What may be moved by hand. The rest belongs to bookings and payouts, whose own commands explain every paisa of it.
ALTER TABLE ledger_accounts ADD COLUMN correctable boolean NOT NULL DEFAULT false;
UPDATE ledger_accounts SET correctable = true WHERE account IN (
    'bank', 'cash', 'desk_clearing', 'gateway_clearing', 'doctor_payable', 'doctor_receivable', 'gst_output',
    'gst_input', 'suspense', 'platform_revenue', 'gateway_fee', 'chargeback_loss');

-- Where the books' days begin; the service sets it at its start. What is booked stays booked.
CREATE TABLE ledger_zone (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    time_zone text NOT NULL
);
INSERT INTO ledger_zone (time_zone) VALUES ('Asia/Kolkata');
REVOKE INSERT, DELETE, TRUNCATE ON ledger_zone FROM payments;

CREATE FUNCTION ledger_day(happened_at timestamptz) RETURNS date
    LANGUAGE sql STABLE
    RETURN (SELECT (happened_at AT TIME ZONE time_zone)::date FROM ledger_zone);

-- Every closing there was. Only grows: a period is not opened again, a correction is booked later.
CREATE TABLE ledger_periods (
    period_id    uuid PRIMARY KEY,
    closed_until date NOT NULL,                         -- that day and all before it
    reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    closed_by    uuid NOT NULL,
    closed_at    timestamptz NOT NULL DEFAULT niyat_now(),
    last_transaction bigint NOT NULL,                   -- the newest of the ledger by then; set by the database
    CONSTRAINT ledger_periods_once UNIQUE (closed_until)
);

-- Closing excludes postings that are on their way: it waits for them, and they for it. Any number will do.
CREATE FUNCTION ledger_close_period() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(6419101);
    IF NEW.closed_until <= (SELECT max(closed_until) FROM ledger_periods) THEN
        RAISE EXCEPTION 'closed already' USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_periods_move_on';
    END IF;
    IF NEW.closed_until >= ledger_day(niyat_now()) THEN
        RAISE EXCEPTION 'a day that is not over' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ledger_periods_are_over';
    END IF;
    NEW.last_transaction := (SELECT coalesce(max(id), 0) FROM ledger_transactions);
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_periods_close BEFORE INSERT ON ledger_periods
    FOR EACH ROW EXECUTE FUNCTION ledger_close_period();

CREATE FUNCTION ledger_book() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    closed date;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(6419101);
    SELECT max(closed_until) INTO closed FROM ledger_periods;
    NEW.booked_on := greatest(ledger_day(NEW.event_at), closed + 1);
    NEW.doctor_id := coalesce(NEW.doctor_id,
        (SELECT doctor_id FROM payment_cases WHERE appointment_id = NEW.appointment_id));
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_transactions_are_booked BEFORE INSERT ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION ledger_book();

-- What each account held: of what was booked until a day, as far as it was written by an instant. Null: no such bound.
CREATE FUNCTION ledger_balances(until date, written_by timestamptz)
    RETURNS TABLE (account text, kind text, means text, currency text, balance bigint)
    LANGUAGE sql STABLE
    AS $$
    SELECT a.account, a.kind, a.means, e.currency, sum(e.amount)::bigint
    FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
        JOIN ledger_accounts a ON a.account = e.account
    WHERE (until IS NULL OR t.booked_on <= until) AND (written_by IS NULL OR t.created_at <= written_by)
    GROUP BY a.account, e.currency ORDER BY a.account, e.currency
$$;

CREATE TRIGGER ledger_periods_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_periods
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_periods FROM payments;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ledger_accounts FROM payments;
