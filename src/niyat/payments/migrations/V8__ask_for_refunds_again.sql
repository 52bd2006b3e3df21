-- When the gateway was last asked to make a refund: while that call may still be on its way, no refusal of a later
-- one says that it failed.
ALTER TABLE refunds ADD COLUMN asked_at timestamptz;
