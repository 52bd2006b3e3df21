-- How each person wants to be told things, besides what and on which channel, and the record of what they agreed to.

-- No row: the account's language and time zone, no quiet hours, reminders at the usual times.
CREATE TABLE user_notification_settings (
    account_id uuid PRIMARY KEY,
    language text CHECK (language ~ '^[a-z]{2,3}$'),                -- null: the account's
    time_zone text,                                                 -- IANA; null: the account's
    quiet_from time,                                                -- by the clocks of their time zone
    quiet_to time,
    reminder_offsets_minutes bigint [],                             -- null: the usual ones
    updated_at timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT user_notification_settings_quiet_hours CHECK (
        (quiet_from IS NULL) = (quiet_to IS NULL) AND quiet_from <> quiet_to),
    CONSTRAINT user_notification_settings_reminders CHECK (
        cardinality(reminder_offsets_minutes) BETWEEN 1 AND 5
        AND 5 <= ALL (reminder_offsets_minutes) AND 20160 >= ALL (reminder_offsets_minutes))
);

-- Who agreed to what, or withdrew it, when, how, and having read what. Nothing is ever taken out of it.
CREATE TABLE notification_consents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL,
    type text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    enabled boolean NOT NULL,
    way text NOT NULL CHECK (way IN ('preferences', 'one-click', 'unsubscribe-page')),
    text_version text CHECK (length(text_version) BETWEEN 1 AND 100),  -- of what they read; null: nobody told us
    correlation_id text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX notification_consents_by_account ON notification_consents (account_id, type, channel, id DESC);

CREATE TRIGGER notification_consents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notification_consents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON notification_consents FROM notifications;

-- The visits that stand, as the events tell it: whoever wants other reminders gets them for these, too.
CREATE TABLE upcoming_visits (
    appointment_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 0),
    starts_at timestamptz NOT NULL,
    planned_at timestamptz NOT NULL DEFAULT niyat_now()             -- when its reminders were planned first
);

CREATE INDEX upcoming_visits_by_account ON upcoming_visits (account_id, starts_at);
CREATE INDEX upcoming_visits_by_start ON upcoming_visits (starts_at);

INSERT INTO upcoming_visits (appointment_id, account_id, revision, starts_at)
SELECT DISTINCT ON (n.appointment_id)
    n.appointment_id, n.account_id, n.revision, n.due_at + make_interval(mins => n.offset_minutes::int)
FROM scheduled_notifications AS n
WHERE n.offset_minutes IS NOT NULL AND n.status = 'queued' AND n.due_at > niyat_now()
ORDER BY n.appointment_id, n.revision DESC;
