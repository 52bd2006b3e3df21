-- Who waits for a doctor's time. What becomes free is offered to the first in line whom it suits, as an appointment
-- that is reserved for them: the walls around appointments are what keeps an offer from being made twice.

CREATE SEQUENCE waitlist_places;

CREATE TABLE waitlist_entries (
    id                uuid PRIMARY KEY,
    doctor_id         uuid NOT NULL REFERENCES doctors (id),
    patient_id        uuid NOT NULL,                    -- identity's account
    family_member_id  uuid REFERENCES family_members (id),
    consultation_type text CHECK (consultation_type IN ('VIDEO', 'AUDIO', 'IN_PERSON')),  -- null: any
    earliest_day      date,                             -- days and times are local to the doctor; null: any
    latest_day        date,
    from_time         time,
    to_time           time,
    reason_for_visit  text CHECK (length(reason_for_visit) <= 500),  -- health data: never in events, logs or mails
    policy            jsonb NOT NULL,                   -- cancellation terms of what is offered, as told on joining
    offer_seconds     bigint NOT NULL CHECK (offer_seconds > 0),     -- how long an offer stands, as told on joining
    status            text NOT NULL CHECK (status IN ('waiting', 'offered', 'booked', 'left', 'closed')),
    place             bigint NOT NULL DEFAULT nextval('waitlist_places'),  -- the line is in this order
    lapses            bigint NOT NULL DEFAULT 0 CHECK (lapses >= 0),       -- offers that nobody answered
    appointment_id    uuid REFERENCES appointments (id),                   -- what is offered, or was booked
    closed_because    text CHECK (closed_because IN ('offers-lapsed', 'days-over')),
    sequence          bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),     -- counts events
    created_at        timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at        timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT waitlist_entries_days CHECK (latest_day >= earliest_day),
    CONSTRAINT waitlist_entries_times CHECK (to_time > from_time),
    CONSTRAINT waitlist_entries_one_offer UNIQUE (appointment_id),
    CONSTRAINT waitlist_entries_offered_has_its_appointment
        CHECK ((status IN ('offered', 'booked')) = (appointment_id IS NOT NULL)),
    CONSTRAINT waitlist_entries_closed_says_why CHECK ((status = 'closed') = (closed_because IS NOT NULL))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX waitlist_entries_one_open ON waitlist_entries (doctor_id, patient_id)
    WHERE status IN ('waiting', 'offered');
CREATE INDEX waitlist_entries_line ON waitlist_entries (doctor_id, place) WHERE status = 'waiting';
CREATE INDEX waitlist_entries_patient ON waitlist_entries (patient_id, id);
CREATE INDEX waitlist_entries_doctor ON waitlist_entries (doctor_id, id);
CREATE INDEX waitlist_entries_ending ON waitlist_entries (latest_day)
    WHERE status = 'waiting' AND latest_day IS NOT NULL;
CREATE INDEX waitlist_entries_family_member ON waitlist_entries (family_member_id)
    WHERE family_member_id IS NOT NULL;

-- Nothing to validate: no appointment has an entry yet.
ALTER TABLE appointments ADD CONSTRAINT appointments_waitlist_entry_fkey
    FOREIGN KEY (waitlist_entry_id) REFERENCES waitlist_entries (id) NOT VALID;

-- The same table as TRANSITIONS in waitlist.py; a test tries every pair.
CREATE FUNCTION waitlist_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'waiting' THEN to_status IN ('offered', 'booked', 'left', 'closed')
    WHEN 'offered' THEN to_status IN ('waiting', 'booked', 'left', 'closed')
    ELSE false
END;

CREATE FUNCTION refuse_waitlist_move() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an entry of the waitlist cannot become %', NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'waitlist_entries_legal_move';
END
$$;

CREATE TRIGGER waitlist_entries_begin_waiting BEFORE INSERT ON waitlist_entries
    FOR EACH ROW WHEN (NEW.status <> 'waiting') EXECUTE FUNCTION refuse_waitlist_move();

CREATE TRIGGER waitlist_entries_legal_move BEFORE UPDATE OF status ON waitlist_entries
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT waitlist_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_waitlist_move();
