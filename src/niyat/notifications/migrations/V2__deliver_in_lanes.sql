-- Delivery in lanes, so that no channel waits for another; at the pace its provider allows; by another channel where
-- the planned one does not work.
ALTER TABLE scheduled_notifications
    ADD COLUMN tried_channels text[] NOT NULL DEFAULT '{}';     -- given up, the planned one first
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE scheduled_notifications ADD CONSTRAINT scheduled_notifications_tried_channels CHECK (
    tried_channels <@ ARRAY['EMAIL', 'SMS', 'PUSH'] AND channel <> ALL (tried_channels));

-- How much each channel's provider may be given now. A second's worth is the most that gathers; sign-in codes never
-- wait, so it may be below nothing, and the others wait for longer.
CREATE TABLE provider_paces (
    channel    text PRIMARY KEY CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    tokens     double precision NOT NULL,
    counted_at timestamptz NOT NULL
);

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX scheduled_notifications_due;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX scheduled_notifications_urgent ON scheduled_notifications (next_at) WHERE status = 'queued' AND urgent;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX scheduled_notifications_due
    ON scheduled_notifications (channel, next_at) WHERE status = 'queued' AND NOT urgent;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX scheduled_notifications_too_late
    ON scheduled_notifications (too_late_at) WHERE status IN ('queued', 'sending');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX scheduled_notifications_by_time ON scheduled_notifications (due_at);
