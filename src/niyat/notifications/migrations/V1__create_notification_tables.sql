-- What people are told: the queue, the log of what became of it, the wording, and how each person wants it.

-- The wording of each message, by version; delivery takes the live one.
CREATE TABLE notification_templates (
    type       text NOT NULL,
    channel    text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    language   text NOT NULL CHECK (language ~ '^[a-z]{2,3}$'),
    version    bigint NOT NULL CHECK (version > 0),
    origin     text NOT NULL CHECK (origin IN ('shipped', 'edited')),   -- with Niyat, or by this clinic
    subject    text NOT NULL,                                           -- empty where the channel has none
    text       text NOT NULL,
    html       text NOT NULL,
    live       boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    PRIMARY KEY (type, channel, language, version)
);

CREATE UNIQUE INDEX notification_templates_one_live ON notification_templates (type, channel, language) WHERE live;

-- The one queue, and the one ledger of reminders. A row is an intent; its dedupe_key is the meaning of the
-- event behind it, so that an event that comes twice is told once.
CREATE TABLE scheduled_notifications (
    id             uuid PRIMARY KEY,
    type           text NOT NULL CHECK (type IN (
        'SIGN_IN_CODE', 'APPOINTMENT_CONFIRMED', 'APPOINTMENT_REMINDER', 'APPOINTMENT_CANCELLED',
        'APPOINTMENT_RESCHEDULED', 'APPOINTMENT_NO_SHOW', 'PAYMENT_RECEIPT', 'PAYMENT_NOT_TAKEN', 'REFUND_INITIATED',
        'REFUND_COMPLETED', 'REFUND_FAILED', 'WAITLIST_OFFERED', 'WAITLIST_OFFER_LAPSED')),
    channel        text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    account_id     uuid,                            -- whom to tell; null for a code, which goes to an address
    appointment_id uuid,
    revision       bigint CHECK (revision >= 0),    -- true of this revision alone; null: of whichever stands
    offset_minutes bigint CHECK (offset_minutes > 0),
    dedupe_key     text NOT NULL,
    payload        jsonb NOT NULL DEFAULT '{}',     -- ids and amounts, never a person's data
    sealed         bytea,                           -- a code and its address, encrypted, until it is over
    language       text,                            -- of a code; otherwise the account's
    urgent         boolean NOT NULL DEFAULT false,  -- somebody is waiting for it
    status          text NOT NULL DEFAULT 'queued' CHECK (status IN (
        'queued', 'sending', 'sent', 'delivered', 'failed', 'suppressed', 'missed')),
    due_at         timestamptz NOT NULL,
    next_at        timestamptz NOT NULL,            -- not tried before
    too_late_at    timestamptz,                     -- from then on `missed`, never sent
    lease          uuid,                            -- who holds it while it is `sending`
    claimed_at     timestamptz,
    lease_until    timestamptz,
    unknown_since  timestamptz,                     -- an attempt since then may have reached the person
    tries          bigint NOT NULL DEFAULT 0,
    withheld       bigint NOT NULL DEFAULT 0,       -- how often nobody could say whether it is still so
    message_id     text,                            -- one for all attempts
    last_error     text,
    correlation_id text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT niyat_now(),
    finished_at    timestamptz,
    CONSTRAINT scheduled_notifications_once UNIQUE (dedupe_key),
    CONSTRAINT scheduled_notifications_lease CHECK ((status = 'sending') = (lease IS NOT NULL)),
    CONSTRAINT scheduled_notifications_lease_ends CHECK ((lease IS NULL) = (lease_until IS NULL)),
    CONSTRAINT scheduled_notifications_finished CHECK ((status IN ('queued', 'sending')) = (finished_at IS NULL)),
    CONSTRAINT scheduled_notifications_secret_is_gone CHECK (sealed IS NULL OR status IN ('queued', 'sending')),
    CONSTRAINT scheduled_notifications_to_somebody CHECK ((type = 'SIGN_IN_CODE') = (account_id IS NULL)),
    CONSTRAINT scheduled_notifications_offset CHECK (offset_minutes IS NULL OR type = 'APPOINTMENT_REMINDER')
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

-- The same table as TRANSITIONS in domain.py; a test tries every pair.
CREATE FUNCTION notification_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'queued' THEN to_status IN ('sending', 'suppressed', 'missed')
    WHEN 'sending' THEN to_status IN ('sending', 'queued', 'sent', 'failed', 'suppressed', 'missed')
    WHEN 'failed' THEN to_status = 'queued'
    ELSE false
END;

CREATE FUNCTION refuse_notification_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a notification that is % cannot become %', OLD.status, NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'scheduled_notifications_legal_move';
END $$;

CREATE TRIGGER scheduled_notifications_legal_move BEFORE UPDATE OF status ON scheduled_notifications
    FOR EACH ROW WHEN (NOT notification_may_move(OLD.status, NEW.status)) EXECUTE FUNCTION refuse_notification_move();

CREATE UNIQUE INDEX scheduled_notifications_reminder_once
    ON scheduled_notifications (appointment_id, revision, offset_minutes, channel) WHERE offset_minutes IS NOT NULL;
CREATE INDEX scheduled_notifications_due ON scheduled_notifications (urgent DESC, next_at) WHERE status = 'queued';
CREATE INDEX scheduled_notifications_leased ON scheduled_notifications (lease_until) WHERE status = 'sending';
CREATE INDEX scheduled_notifications_by_account ON scheduled_notifications (account_id, id DESC);
CREATE INDEX scheduled_notifications_by_appointment ON scheduled_notifications (appointment_id, type);
CREATE INDEX scheduled_notifications_by_status ON scheduled_notifications (status, id DESC);

-- What became of each: one row per attempt and per end, append-only. `queued` is an attempt that failed and will
-- be made again, or a replay by staff. The address is masked; the full one is identity's.
CREATE TABLE notification_logs (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notification_id     uuid NOT NULL REFERENCES scheduled_notifications (id),
    status              text NOT NULL CHECK (status IN (
        'queued', 'sending', 'sent', 'delivered', 'failed', 'suppressed', 'missed')),
    channel             text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),   -- the one really used
    address_masked      text,
    provider            text,
    provider_message_id text,
    message_id          text,
    template_version    bigint,
    tries               bigint NOT NULL,
    error_code          text,
    actor_id            uuid,                       -- the admin who asked for it, and why
    reason              text,
    correlation_id      text NOT NULL DEFAULT '',
    recorded_at         timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE UNIQUE INDEX notification_logs_sent_once ON notification_logs (notification_id) WHERE status = 'sent';
CREATE INDEX notification_logs_by_notification ON notification_logs (notification_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER notification_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notification_logs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON notification_logs FROM notifications;

-- What a person wants to hear of, and how. No row: everything.
CREATE TABLE user_notification_preferences (
    account_id uuid NOT NULL,
    type       text NOT NULL,
    channel    text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    enabled    boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT niyat_now(),
    PRIMARY KEY (account_id, type, channel)
);

-- Where push messages go.
CREATE TABLE user_devices (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL,
    token        text NOT NULL UNIQUE,
    platform     text NOT NULL CHECK (platform IN ('ANDROID', 'IOS', 'WEB')),
    created_at   timestamptz NOT NULL DEFAULT niyat_now(),
    last_seen_at timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX user_devices_by_account ON user_devices (account_id);
