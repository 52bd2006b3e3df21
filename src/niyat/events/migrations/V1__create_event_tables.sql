-- The tables of the event pipeline, in every service's own database. docs/adr/0004 says why they are so.
-- niyat_now() comes from the kernel's migration, which runs before this one.

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- What this service has to tell. Written in the command's own transaction, handed over by the relay.
CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid NOT NULL,
    topic        text NOT NULL,
    key          text NOT NULL,                 -- the aggregate's id
    sequence     bigint NOT NULL CHECK (sequence > 0),  -- counts per topic and key, taken from the key's locked row
    type         text NOT NULL,
    payload      jsonb NOT NULL,                -- the whole CloudEvents envelope
    created_at   timestamptz NOT NULL DEFAULT niyat_now(),
    published_at timestamptz,
    tries        bigint NOT NULL DEFAULT 0,
    next_at      timestamptz,                   -- its key waits until then
    last_error   text,
    CONSTRAINT outbox_sequence_is_unique UNIQUE (topic, key, sequence)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_waiting ON outbox (topic, key, next_at) WHERE published_at IS NULL AND next_at IS NOT NULL;

-- What this service was told, once per consumer: duplicates end at the unique constraint.
CREATE TABLE inbox (
    arrival     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer    text NOT NULL,
    event_id    uuid NOT NULL,
    topic       text NOT NULL,
    key         text NOT NULL,
    part        bigint NOT NULL GENERATED ALWAYS AS (hashtext(key) & 15) STORED,
    type        text NOT NULL,
    payload     jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'dead')),
    tries       bigint NOT NULL DEFAULT 0,
    next_at     timestamptz,                    -- its key (of this topic) waits until then
    last_error  text,
    received_at timestamptz NOT NULL DEFAULT niyat_now(),
    finished_at timestamptz,
    CONSTRAINT inbox_event_once_per_consumer UNIQUE (consumer, event_id),
    CONSTRAINT inbox_finished_has_its_time CHECK ((state = 'new') = (finished_at IS NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

CREATE INDEX inbox_new ON inbox (consumer, part, arrival) WHERE state = 'new';
CREATE INDEX inbox_waiting ON inbox (consumer, part, topic, key, next_at) WHERE state = 'new' AND next_at IS NOT NULL;
CREATE INDEX inbox_dead ON inbox (consumer, arrival) WHERE state = 'dead';

-- A worker takes a partition before it takes its rows, so that a key's events are handled one after another.
CREATE TABLE inbox_partition (
    consumer   text NOT NULL,
    part       bigint NOT NULL CHECK (part BETWEEN 0 AND 15),
    visited_at timestamptz NOT NULL DEFAULT niyat_now(),
    visits     bigint NOT NULL DEFAULT 0,       -- breaks ties while the clock stands still
    PRIMARY KEY (consumer, part)
);

-- Completes an envelope within a statement that only learns the event's data as it runs (the reservation).
CREATE FUNCTION niyat_envelope(draft jsonb, key text, data jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN draft || jsonb_build_object('subject', key, 'time', data -> 'occurred_at', 'data', data);
