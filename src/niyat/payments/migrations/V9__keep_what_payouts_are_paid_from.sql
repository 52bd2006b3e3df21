-- The business account that a payout is paid from: where its lost answer is looked up, and part of what is sent, so a
-- setting that changes meanwhile changes neither. Written when it is first sent; none of what was never sent.
ALTER TABLE doctor_payouts ADD COLUMN account_number text CHECK (account_number ~ '^[A-Za-z0-9]{5,40}$');

DROP TRIGGER doctor_payouts_stay_what_they_are ON doctor_payouts;
CREATE TRIGGER doctor_payouts_stay_what_they_are BEFORE UPDATE ON doctor_payouts
    FOR EACH ROW WHEN ((OLD.doctor_id, OLD.amount, OLD.currency, OLD.fund_account_id, OLD.mode, OLD.batch_id)
        IS DISTINCT FROM (NEW.doctor_id, NEW.amount, NEW.currency, NEW.fund_account_id, NEW.mode, NEW.batch_id)
        OR (OLD.account_number IS NOT NULL AND OLD.account_number IS DISTINCT FROM NEW.account_number))
    EXECUTE FUNCTION refuse_another_payout();
