-- What leads to a visit from outside: the calendar feed of an account, and the room of a visit by video.

-- The address is its password, so only its hash is kept. `reads` are those since `counted_from`, for the limit.
CREATE TABLE calendar_feeds (
    account_id   uuid PRIMARY KEY,                  -- a patient's or a doctor's account
    token_hash   bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    made_at      timestamptz NOT NULL DEFAULT niyat_now(),
    last_read_at timestamptz,
    counted_from timestamptz NOT NULL DEFAULT niyat_now(),
    reads        int NOT NULL DEFAULT 0 CHECK (reads >= 0),
    CONSTRAINT calendar_feeds_token_is_unique UNIQUE (token_hash)
) WITH (fillfactor = 70);

-- The name of a visit's room: made when somebody first asks for it, the same for ever, and nobody can guess it.
CREATE TABLE video_rooms (
    appointment_id uuid PRIMARY KEY REFERENCES appointments (id),
    name           text NOT NULL CHECK (name ~ '^[0-9a-f]{32}$'),
    created_at     timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT video_rooms_name_is_unique UNIQUE (name)
);

REVOKE UPDATE, DELETE, TRUNCATE ON video_rooms FROM appointments;
