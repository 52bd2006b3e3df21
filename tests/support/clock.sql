-- Tests' clock: niyat_now() follows this one row. It stands still at frozen_at, or runs at now() + shift.
CREATE TABLE niyat_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    shift interval NOT NULL DEFAULT '0',
    frozen_at timestamptz
);
INSERT INTO niyat_clock DEFAULT VALUES;

CREATE OR REPLACE FUNCTION niyat_now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(frozen_at, now() + shift) FROM niyat_clock $$;

CREATE FUNCTION niyat_clock_never_goes_back() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF coalesce(NEW.frozen_at, now() + NEW.shift) < coalesce(OLD.frozen_at, now() + OLD.shift) THEN
        RAISE EXCEPTION 'time never moves backwards';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER never_backwards BEFORE UPDATE ON niyat_clock
    FOR EACH ROW EXECUTE FUNCTION niyat_clock_never_goes_back();
