-- What providers say of messages they took, the addresses that take nothing from us any more, and what
-- administrators did about it.

-- Addresses that nothing is sent to. The address itself is identity's: here is a hash under a key that is not in
-- this database, enough to recognise it. Lifted by an admin, the row stays as it was.
CREATE TABLE suppressed_addresses (
    id              uuid PRIMARY KEY,
    channel         text NOT NULL CHECK (channel IN ('EMAIL', 'SMS')),
    address_hash    bytea NOT NULL CHECK (octet_length(address_hash) = 32),
    address_masked  text NOT NULL,
    cause           text NOT NULL CHECK (cause IN ('hard-bounce', 'opted-out', 'not-reachable')),
    error_code      text NOT NULL,
    notification_id uuid REFERENCES scheduled_notifications (id),
    account_id      uuid,                           -- whom it was written to; null: a sign-in code
    suppressed_at   timestamptz NOT NULL DEFAULT niyat_now(),
    lifted_at       timestamptz,
    lifted_by       uuid,
    CONSTRAINT suppressed_addresses_lifted CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);

CREATE UNIQUE INDEX suppressed_addresses_once ON suppressed_addresses (channel, address_hash)
    WHERE lifted_at IS NULL;
CREATE INDEX suppressed_addresses_by_account ON suppressed_addresses (account_id, id DESC);
CREATE INDEX suppressed_addresses_by_notification ON suppressed_addresses (notification_id);

-- How a message that a provider had taken ended, by its own word: a status callback, or a mail that came back.
-- The word may come before we have written down that it was taken, so it is kept first and applied then.
CREATE TABLE provider_reports (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider            text NOT NULL CHECK (provider IN ('smtp', 'twilio')),
    provider_message_id text,                       -- its id there
    notification_id     uuid,                       -- ours, where a mail came back
    outcome             text NOT NULL CHECK (outcome IN ('delivered', 'undelivered')),
    error_code          text,
    cause               text CHECK (cause IN ('hard-bounce', 'opted-out', 'not-reachable')),
    address_hash        bytea CHECK (octet_length(address_hash) = 32),
    address_masked      text,
    received_at         timestamptz NOT NULL DEFAULT niyat_now(),
    applied_at          timestamptz,
    CONSTRAINT provider_reports_once UNIQUE NULLS NOT DISTINCT
        (provider, provider_message_id, notification_id, outcome),
    CONSTRAINT provider_reports_about CHECK (num_nonnulls(provider_message_id, notification_id) = 1),
    CONSTRAINT provider_reports_cause_has_address CHECK (cause IS NULL OR (address_hash IS NOT NULL
        AND address_masked IS NOT NULL AND error_code IS NOT NULL))
);

CREATE INDEX provider_reports_waiting ON provider_reports (id) WHERE applied_at IS NULL;
CREATE INDEX provider_reports_received ON provider_reports (received_at);

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX notification_logs_by_provider_message ON notification_logs (provider_message_id)
    WHERE status = 'sent' AND provider_message_id IS NOT NULL;

-- What was sent may come back, be sent again by staff, and so be sent twice with a failure in between: a check
-- (checks.py) says it now.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX notification_logs_sent_once;

-- The same table as TRANSITIONS in domain.py; a test tries every pair.
CREATE OR REPLACE FUNCTION notification_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'queued' THEN to_status IN ('sending', 'suppressed', 'missed')
    WHEN 'sending' THEN to_status IN ('sending', 'queued', 'sent', 'failed', 'suppressed', 'missed')
    WHEN 'sent' THEN to_status IN ('delivered', 'failed')
    WHEN 'failed' THEN to_status = 'queued'
    ELSE false
END;

-- What administrators did and why.
CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_id   uuid NOT NULL,
    action     text NOT NULL CHECK (action ~ '^[a-z]+(-[a-z]+)*$'),
    subject_id uuid NOT NULL,                       -- what it was done to
    reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    at         timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX audit_log_subject ON audit_log (subject_id, id);

CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM notifications;
