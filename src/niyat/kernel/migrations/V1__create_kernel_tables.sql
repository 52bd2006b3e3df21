-- What every service's database has.

-- The only clock of our SQL: a lint refuses now() everywhere else. In production it is now(); tests replace
-- the body to move time. STABLE, so that comparisons with it use an index.
CREATE FUNCTION niyat_now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT now() $$;

-- The answer to each request that carried an Idempotency-Key, given again to a repetition of it.
CREATE TABLE idempotency_keys (
    account_id uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL CHECK (length(key) <= 255),
    fingerprint text NOT NULL,
    status int NOT NULL,
    body jsonb,
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    PRIMARY KEY (account_id, route, key)
);

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
