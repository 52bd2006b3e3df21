-- More that people are told: what is held for them and waits for payment, and what doctors and administrators hear.
-- The same list as NotificationType in domain.py; a test compares them.
-- squawk-ignore ban-drop-constraint
ALTER TABLE scheduled_notifications DROP CONSTRAINT scheduled_notifications_type_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE scheduled_notifications ADD CONSTRAINT scheduled_notifications_type_check CHECK (type IN (
    'SIGN_IN_CODE', 'APPOINTMENT_CONFIRMED', 'APPOINTMENT_REMINDER', 'APPOINTMENT_CANCELLED',
    'APPOINTMENT_RESCHEDULED', 'APPOINTMENT_NO_SHOW', 'PAYMENT_RECEIPT', 'PAYMENT_NOT_TAKEN', 'REFUND_INITIATED',
    'REFUND_COMPLETED', 'REFUND_FAILED', 'WAITLIST_OFFERED', 'WAITLIST_OFFER_LAPSED', 'APPOINTMENT_RESERVED',
    'PAYMENT_FAILED', 'DOCTOR_DAILY_LIST', 'SCHEDULE_CHANGED', 'PAYOUT_SENT', 'ADMIN_ALERT'));
