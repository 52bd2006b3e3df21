-- Wording that a clinic writes itself: who wrote a version, and who put it in force.
ALTER TABLE notification_templates ADD COLUMN author_id uuid;          -- null: it ships with Niyat
ALTER TABLE notification_templates ADD COLUMN published_by uuid;       -- null: in force because it ships
ALTER TABLE notification_templates ADD COLUMN published_at timestamptz;

-- What is in force by an administrator's hand is named by its words' type, channel, language and version.
ALTER TABLE audit_log ADD COLUMN subject text;
-- squawk-ignore ban-drop-not-null
ALTER TABLE audit_log ALTER COLUMN subject_id DROP NOT NULL;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_about_something CHECK (num_nonnulls(subject_id, subject) = 1) NOT VALID;

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
