-- Wording that a clinic writes itself: who wrote a version, and who put it in force.
ALTER TABLE notification_templates ADD COLUMN author_id uuid;          -- null: it ships with Niyat
ALTER TABLE notification_templates ADD COLUMN published_by uuid;       -- null: in force because it ships
ALTER TABLE notification_templates ADD COLUMN published_at timestamptz;

-- What administrators did and why.
CREATE TABLE audit_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_id uuid NOT NULL,
    action   text NOT NULL CHECK (action IN ('publish-template')),
    subject  text NOT NULL,                                            -- TYPE/CHANNEL/language/version
    reason   text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    at       timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX audit_log_subject ON audit_log (subject, id);

CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM notifications;

-- What a doctor or the administrators are to be told, until a job has asked whose accounts they are and queued a
-- message to each.
CREATE TABLE staff_messages (
    message_id     uuid PRIMARY KEY,
    type           text NOT NULL CHECK (type IN ('PAYOUT_SENT', 'ADMIN_ALERT')),
    doctor_id      uuid,                                               -- null: the administrators
    dedupe_key     text NOT NULL UNIQUE,
    payload        jsonb NOT NULL,                                     -- ids and amounts, never a person's data
    correlation_id text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT niyat_now(),
    queued_at      timestamptz,                                        -- when a message to each was queued
    CONSTRAINT staff_messages_to_somebody CHECK ((type = 'ADMIN_ALERT') = (doctor_id IS NULL))
);

CREATE INDEX staff_messages_waiting ON staff_messages (created_at) WHERE queued_at IS NULL;
