-- Receipts and refund notes: a stored snapshot each, numbered without a gap per financial year and series.
-- Lock order: the case, then what is due, then its series.

-- The last number given in a series of a year. Whoever takes the next one holds this row until it is written.
CREATE TABLE receipt_series (
    financial_year text NOT NULL CHECK (financial_year ~ '^[0-9]{4}-[0-9]{2}$'),
    series         text NOT NULL CHECK (series IN ('R', 'N')),
    last_number    bigint NOT NULL CHECK (last_number > 0),
    CONSTRAINT receipt_series_pkey PRIMARY KEY (financial_year, series)
);

-- Counts by one, from one: a hole cannot be written.
CREATE FUNCTION receipt_series_counts_by_one() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.last_number <> 1)
        OR (TG_OP = 'UPDATE' AND NEW.last_number <> OLD.last_number + 1)
        OR (TG_OP = 'UPDATE' AND (NEW.financial_year, NEW.series) <> (OLD.financial_year, OLD.series))
    THEN
        RAISE EXCEPTION 'a series counts by one' USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER receipt_series_counts_by_one BEFORE INSERT OR UPDATE ON receipt_series
    FOR EACH ROW EXECUTE FUNCTION receipt_series_counts_by_one();

-- What is to be issued: written with the capture or the processed refund, gone with the receipt or note itself.
CREATE TABLE receipts_due (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway_payment_id text NOT NULL REFERENCES payment_attempts,
    refund_id          uuid REFERENCES refunds,         -- none: the receipt of the capture itself
    happened_at        timestamptz NOT NULL,            -- captured or processed: numbers are given in this order
    next_at            timestamptz NOT NULL DEFAULT niyat_now(),    -- also the lease of who is at it
    tries              bigint NOT NULL DEFAULT 0,
    last_error         text,
    CONSTRAINT receipts_due_once UNIQUE NULLS NOT DISTINCT (gateway_payment_id, refund_id)
);

CREATE INDEX receipts_due_next ON receipts_due (next_at);

-- Series R: receipts of captures. Series N: notes of processed refunds. Only grows.
CREATE TABLE receipts (
    receipt_id         uuid PRIMARY KEY,
    financial_year     text NOT NULL,
    series             text NOT NULL,
    number             bigint NOT NULL CHECK (number > 0),
    payment_id         uuid NOT NULL REFERENCES payment_transactions,
    appointment_id     uuid NOT NULL REFERENCES payment_cases,
    account_id         uuid NOT NULL,
    gateway_payment_id text NOT NULL REFERENCES payment_attempts,
    refund_id          uuid REFERENCES refunds,
    receipt_of_note    uuid REFERENCES receipts,        -- the receipt whose money a note gives back
    amount             bigint NOT NULL CHECK (amount > 0),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    happened_at        timestamptz NOT NULL,
    snapshot           jsonb NOT NULL,                  -- the rest of what it says; never a patient's name
    issued_at          timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT receipts_series_known FOREIGN KEY (financial_year, series) REFERENCES receipt_series,
    CONSTRAINT receipts_number_once UNIQUE (financial_year, series, number),
    CONSTRAINT receipts_fact_once UNIQUE NULLS NOT DISTINCT (gateway_payment_id, refund_id),
    CONSTRAINT receipts_notes_are_of_refunds
        CHECK ((series = 'N') = (refund_id IS NOT NULL) AND (series = 'N') = (receipt_of_note IS NOT NULL))
);

CREATE INDEX receipts_by_payment ON receipts (payment_id);
CREATE INDEX receipts_by_refund ON receipts (refund_id) WHERE refund_id IS NOT NULL;

CREATE TRIGGER receipts_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER receipt_series_is_kept BEFORE DELETE OR TRUNCATE ON receipt_series
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();

REVOKE UPDATE, DELETE, TRUNCATE ON receipts FROM payments;
REVOKE DELETE, TRUNCATE ON receipt_series FROM payments;
