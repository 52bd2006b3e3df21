-- Webhooks are looked at and replayed by people: each has a public id, says what came of it, and when it was replayed.
-- The log is short (what is done is kept for thirty days), so that its indexes are made within a moment.
-- squawk-ignore-file require-concurrent-index-creation
ALTER TABLE webhook_events
    -- squawk-ignore adding-field-with-default
    ADD COLUMN webhook_id uuid NOT NULL DEFAULT uuidv7(),
    ADD COLUMN outcome text CHECK (outcome IN ('recorded', 'not-acted-on', 'not-ours')),
    ADD COLUMN gateway_payment_id text,                 -- whose facts it told, as far as it told any
    ADD COLUMN replayed_at timestamptz;

UPDATE webhook_events SET outcome = CASE WHEN last_error IS NULL THEN 'recorded' ELSE 'not-ours' END
WHERE status = 'done';

ALTER TABLE webhook_events
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT webhook_events_done_has_its_outcome CHECK ((status = 'done') = (outcome IS NOT NULL));

CREATE UNIQUE INDEX webhook_events_webhook_id ON webhook_events (webhook_id);
CREATE INDEX webhook_events_of_attempt ON webhook_events (gateway_payment_id) WHERE gateway_payment_id IS NOT NULL;

ALTER TABLE audit_log
    -- squawk-ignore ban-drop-constraint, constraint-missing-not-valid
    DROP CONSTRAINT audit_log_action_check, ADD CONSTRAINT audit_log_action_check CHECK (action IN (
        'record-receipt', 'void-payment', 'reopen-payment', 'ask-gateway', 'refund-payment', 'hand-back',
        'close-period', 'correct-ledger',
        'set-fund-account', 'propose-payouts', 'approve-payouts', 'discard-payouts', 'cancel-payout', 'retry-payout',
        'note-dispute', 'explain-difference', 'replay-webhook'));

CREATE INDEX audit_log_actor ON audit_log (actor_id, id);
