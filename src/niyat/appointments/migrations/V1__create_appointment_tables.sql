-- Doctors and their time, and the appointments that take it. No slot is sold twice: the doctor's lock and a guarded
-- UPDATE come first, the unique index second, and the exclusion constraint holds whatever the code does.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE clinics (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    address    text NOT NULL DEFAULT '' CHECK (length(address) <= 500),
    created_at timestamptz NOT NULL DEFAULT niyat_now()
);

-- Where doctors see patients besides their usual place: a branch, a hospital, a room of the clinic.
CREATE TABLE places (
    id         uuid PRIMARY KEY,
    clinic_id  uuid NOT NULL REFERENCES clinics (id),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    address    text NOT NULL DEFAULT '' CHECK (length(address) <= 500),
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT places_name_is_unique UNIQUE (clinic_id, name)
);

CREATE FUNCTION place_words(place_id uuid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT concat_ws(', ', name, nullif(address, '')) FROM places WHERE id = place_id);

CREATE TABLE doctors (
    id                     uuid PRIMARY KEY,
    doctor_key             int NOT NULL GENERATED ALWAYS AS IDENTITY,  -- names the doctor's advisory lock, whose key is an int4
    account_id             uuid NOT NULL,                              -- identity's account; a doctor signs in with it
    clinic_id              uuid NOT NULL REFERENCES clinics (id),
    name                   text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    specialty              text NOT NULL CHECK (length(specialty) BETWEEN 1 AND 100),
    languages              text[] NOT NULL DEFAULT '{}',
    registration_number    text NOT NULL DEFAULT '',
    bio                    text NOT NULL DEFAULT '',
    place                  text NOT NULL DEFAULT '',                   -- the usual one: room or address; else the clinic's
    currency               text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    time_zone              text NOT NULL,                              -- IANA; weekly hours are in it
    active                 boolean NOT NULL DEFAULT true,              -- false: listed no more, keeps what is booked
    planned_until          date,                                       -- the last local day whose slots are made
    created_at             timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at             timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT doctors_key_is_unique UNIQUE (doctor_key),
    CONSTRAINT doctors_account_is_unique UNIQUE (account_id)
);

CREATE INDEX doctors_by_name ON doctors (name, id) WHERE active;
CREATE INDEX doctors_clinic ON doctors (clinic_id);

-- What a doctor offers: a row for each type, with its own price, length and rules.
CREATE TABLE consultation_settings (
    doctor_id              uuid NOT NULL REFERENCES doctors (id),
    consultation_type      text NOT NULL CHECK (consultation_type IN ('VIDEO', 'AUDIO', 'IN_PERSON')),
    fee_amount             bigint NOT NULL CHECK (fee_amount >= 0),    -- minor units; 0 is free
    slot_minutes           int NOT NULL CHECK (slot_minutes BETWEEN 5 AND 480),
    buffer_before_minutes  int NOT NULL DEFAULT 0 CHECK (buffer_before_minutes BETWEEN 0 AND 240),
    buffer_after_minutes   int NOT NULL DEFAULT 0 CHECK (buffer_after_minutes BETWEEN 0 AND 240),
    minimum_notice_minutes int NOT NULL DEFAULT 0 CHECK (minimum_notice_minutes BETWEEN 0 AND 43200),
    maximum_advance_days   int NOT NULL DEFAULT 30 CHECK (maximum_advance_days BETWEEN 1 AND 366),
    PRIMARY KEY (doctor_id, consultation_type)
);

-- The time that a visit takes of its doctor: between two of them lie one's buffer after and the other's before.
CREATE FUNCTION busy_range(s consultation_settings, starts_at timestamptz, ends_at timestamptz) RETURNS tstzrange
LANGUAGE sql STABLE PARALLEL SAFE
RETURN tstzrange(starts_at - make_interval(mins => s.buffer_before_minutes),
                 ends_at + make_interval(mins => s.buffer_after_minutes));

CREATE FUNCTION known_types(types text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN cardinality(types) > 0 AND types <@ ARRAY['VIDEO', 'AUDIO', 'IN_PERSON'];

-- Local times; 24:00 ends a day. Hours over midnight are two windows.
CREATE FUNCTION minutes_of_day(from_time time, to_time time) RETURNS int4range
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN int4range((extract(epoch FROM from_time) / 60)::int, (extract(epoch FROM to_time) / 60)::int);

CREATE TABLE weekly_availability (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    doctor_id  uuid NOT NULL REFERENCES doctors (id),
    weekday    int NOT NULL CHECK (weekday BETWEEN 1 AND 7),  -- ISO 8601: 1 is Monday
    start_time time NOT NULL,
    end_time   time NOT NULL,
    consultation_types text[] CHECK (known_types(consultation_types)),  -- null: all that the doctor offers
    place_id   uuid REFERENCES places (id),                             -- null: the doctor's usual place
    CONSTRAINT weekly_availability_ends_after_start CHECK (end_time > start_time),
    CONSTRAINT weekly_availability_no_overlap
        EXCLUDE USING gist (doctor_id WITH =, weekday WITH =, minutes_of_day(start_time, end_time) WITH &&)
);

-- What a day has instead of its weekly hours: one row without times is a day off, else one row for each window.
CREATE TABLE availability_overrides (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    doctor_id  uuid NOT NULL REFERENCES doctors (id),
    day        date NOT NULL,
    start_time time,
    end_time   time,
    consultation_types text[] CHECK (known_types(consultation_types)),
    place_id   uuid REFERENCES places (id),
    reason     text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT availability_overrides_both_times CHECK ((start_time IS NULL) = (end_time IS NULL)),
    CONSTRAINT availability_overrides_ends_after_start CHECK (end_time > start_time),
    CONSTRAINT availability_overrides_no_overlap EXCLUDE USING gist (
        doctor_id WITH =, day WITH =,
        minutes_of_day(coalesce(start_time, '00:00'), coalesce(end_time, '24:00')) WITH &&)
);

CREATE TABLE blocked_slots (
    id         uuid PRIMARY KEY,
    doctor_id  uuid NOT NULL REFERENCES doctors (id),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    reason     text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT blocked_slots_ends_after_start CHECK (ends_at > starts_at)
);

CREATE INDEX blocked_slots_doctor ON blocked_slots (doctor_id, ends_at);

-- Slots of different lengths may overlap in their own rows; what is booked never does.
CREATE TABLE available_slots (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    doctor_id  uuid NOT NULL REFERENCES doctors (id),
    doctor_key int NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    status     text NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'held', 'booked', 'blocked')),
    planned_as text NOT NULL DEFAULT 'available' CHECK (planned_as IN ('available', 'blocked')),
    consultation_types text[] NOT NULL CHECK (known_types(consultation_types)),
    place_id   uuid REFERENCES places (id),             -- null: the doctor's usual place
    CONSTRAINT available_slots_ends_after_start CHECK (ends_at > starts_at),
    CONSTRAINT available_slots_free_is_as_planned CHECK (status IN ('held', 'booked') OR status = planned_as),
    CONSTRAINT available_slots_once UNIQUE (doctor_id, starts_at, ends_at)
) WITH (fillfactor = 80);

COMMENT ON COLUMN available_slots.planned_as IS
    'What the slot is while nobody has it. A held or booked slot that left the plan is blocked when it is freed.';

-- For whom an account books beside its owner. Nobody but the two parties of a visit and admins reads these names.
CREATE TABLE family_members (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL,                         -- identity's account; the patient who books
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    relationship text NOT NULL CHECK (relationship IN (
        'spouse', 'child', 'parent', 'sibling', 'grandparent', 'grandchild', 'other')),
    birth_date   date CHECK (birth_date >= '1900-01-01'),
    archived_at  timestamptz,                           -- booked for before, and offered no more
    created_at   timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at   timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX family_members_account ON family_members (account_id, id) WHERE archived_at IS NULL;

CREATE TABLE appointments (
    id                 uuid PRIMARY KEY,
    doctor_id          uuid NOT NULL REFERENCES doctors (id),
    doctor_key         int NOT NULL,
    patient_id         uuid NOT NULL,                   -- identity's account
    slot_id            uuid REFERENCES available_slots (id) ON DELETE SET NULL,
    starts_at          timestamptz NOT NULL,
    ends_at            timestamptz NOT NULL,
    busy               tstzrange NOT NULL,              -- with the buffers; the gap is one's after and the other's before
    time_zone          text NOT NULL,
    consultation_type  text NOT NULL CHECK (consultation_type IN ('VIDEO', 'AUDIO', 'IN_PERSON')),
    place_id           uuid REFERENCES places (id),     -- null: the doctor's usual place
    status             text NOT NULL CHECK (status IN (
        'reserved', 'pending-payment', 'confirmed', 'completed', 'cancelled', 'expired', 'no-show')),
    hold_expires_at    timestamptz NOT NULL,
    secured_by         uuid,                            -- the payment for which the slot is kept
    secured_at         timestamptz,
    secured_as         bigint NOT NULL DEFAULT 0,       -- the number of the wish that secured: an older release is late
    released_below     bigint NOT NULL DEFAULT 0,       -- a `secure` with a lower number was overtaken by a release
    quoted_amount      bigint NOT NULL CHECK (quoted_amount >= 0), -- minor units, as it was when reserved: what is paid
    price_amount       bigint NOT NULL CHECK (price_amount BETWEEN 0 AND quoted_amount),  -- as it is: a move may lower it
    forfeited_amount   bigint NOT NULL DEFAULT 0,       -- of it, what the patient's own late moves did not give back
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    policy             jsonb NOT NULL,                  -- what goes back on cancellation, as it was when reserved
    payment            jsonb,                           -- projection of payment events; payments has the truth
    revision           int NOT NULL DEFAULT 0 CHECK (revision >= 0),    -- counts moves
    sequence           bigint NOT NULL DEFAULT 1 CHECK (sequence >= 1), -- counts events
    cancelled_by       text CHECK (cancelled_by IN ('patient', 'doctor', 'admin', 'system')),
    cancel_reason_code text,
    amount_owed_back   bigint CHECK (amount_owed_back BETWEEN 0 AND price_amount),
    no_show_party      text CHECK (no_show_party IN ('patient', 'doctor')),
    checked_in_at      timestamptz,                     -- the patient is there
    expected_at        timestamptz,                     -- when the doctor, who is late, expects to begin
    reason_for_visit   text CHECK (length(reason_for_visit) <= 500),  -- health data: never in events, logs or mails
    family_member_id   uuid REFERENCES family_members (id),           -- who comes, if not the patient
    waitlist_entry_id  uuid,                            -- offered to somebody who waited in the doctor's line
    created_at         timestamptz NOT NULL DEFAULT niyat_now(),
    updated_at         timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT appointments_ends_after_start CHECK (ends_at > starts_at),
    CONSTRAINT appointments_late_is_after_the_start CHECK (expected_at > starts_at),
    CONSTRAINT appointments_busy_holds_the_visit CHECK (busy @> tstzrange(starts_at, ends_at)),
    CONSTRAINT appointments_live_has_a_slot
        CHECK (slot_id IS NOT NULL OR status NOT IN ('reserved', 'pending-payment', 'confirmed')),
    CONSTRAINT appointments_secured_has_its_time CHECK ((secured_by IS NULL) = (secured_at IS NULL)),
    CONSTRAINT appointments_unpaid_is_unsecured CHECK (secured_by IS NULL OR status NOT IN ('reserved', 'expired')),
    CONSTRAINT appointments_confirmed_is_paid
        CHECK (quoted_amount = 0 OR secured_by IS NOT NULL OR status NOT IN ('confirmed', 'completed', 'no-show')),
    CONSTRAINT appointments_only_moves_lower_the_price CHECK (price_amount = quoted_amount OR revision > 0),
    CONSTRAINT appointments_forfeits_at_most_its_price CHECK (forfeited_amount BETWEEN 0 AND price_amount),
    CONSTRAINT appointments_free_awaits_no_payment CHECK (quoted_amount > 0 OR status <> 'pending-payment'),
    CONSTRAINT appointments_cancelled_says_by_whom CHECK (
        (status = 'cancelled') = (cancelled_by IS NOT NULL)
        AND (cancelled_by IS NULL) = (cancel_reason_code IS NULL)),
    CONSTRAINT appointments_not_held_says_what_goes_back
        CHECK ((status IN ('cancelled', 'no-show')) = (amount_owed_back IS NOT NULL)),
    CONSTRAINT appointments_no_show_says_whose CHECK ((status = 'no-show') = (no_show_party IS NOT NULL)),
    CONSTRAINT appointments_no_overlap EXCLUDE USING gist (doctor_key WITH =, busy WITH &&)
        WHERE (status IN ('reserved', 'pending-payment', 'confirmed'))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX appointments_one_live_per_slot ON appointments (slot_id)
    WHERE status IN ('reserved', 'pending-payment', 'confirmed');
CREATE INDEX appointments_slot ON appointments (slot_id);
CREATE INDEX appointments_used_time ON appointments USING gist (doctor_key, busy)
    WHERE status IN ('confirmed', 'completed');
CREATE INDEX appointments_lapsing ON appointments (hold_expires_at)
    WHERE status IN ('reserved', 'pending-payment') AND secured_by IS NULL;
CREATE INDEX appointments_doctor_time ON appointments (doctor_id, starts_at, id);
CREATE INDEX appointments_patient_time ON appointments (patient_id, starts_at, id);
CREATE INDEX appointments_status_time ON appointments (status, starts_at, id);
CREATE INDEX appointments_family_member ON appointments (family_member_id) WHERE family_member_id IS NOT NULL;
CREATE INDEX appointments_waitlist_entry ON appointments (waitlist_entry_id) WHERE waitlist_entry_id IS NOT NULL;

-- What can truly be booked now, and as which types: free, offered, neither too soon nor too far, and not overlapped
-- (that type's buffers included) by a booking of another length, nor by a visit that was completed before its end.
-- The reservation checks the same; the exclusion constraint has the last word.
CREATE VIEW bookable_slots AS
SELECT v.id, v.doctor_id, v.starts_at, v.ends_at, v.place_id, t.consultation_types
FROM available_slots v JOIN doctors d ON d.id = v.doctor_id CROSS JOIN LATERAL (
    SELECT array_agg(s.consultation_type ORDER BY s.consultation_type) AS consultation_types
    FROM consultation_settings s
    WHERE s.doctor_id = v.doctor_id AND s.consultation_type = ANY (v.consultation_types)
      AND v.starts_at >= niyat_now() + make_interval(mins => s.minimum_notice_minutes)
      AND v.starts_at < niyat_now() + make_interval(days => s.maximum_advance_days)
      AND NOT EXISTS (
          SELECT FROM appointments a
          WHERE a.doctor_key = v.doctor_key AND a.status IN ('reserved', 'pending-payment', 'confirmed')
            AND a.busy && busy_range(s, v.starts_at, v.ends_at))
      AND NOT EXISTS (
          SELECT FROM appointments u
          WHERE u.doctor_key = v.doctor_key AND u.status IN ('confirmed', 'completed')
            AND u.busy && busy_range(s, v.starts_at, v.ends_at))) AS t
WHERE v.status = 'available' AND d.active AND v.starts_at > niyat_now() AND t.consultation_types IS NOT NULL;

-- The same table as TRANSITIONS in domain.py; a test tries every pair.
CREATE FUNCTION appointment_may_move(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE from_status
    WHEN 'reserved' THEN to_status IN ('pending-payment', 'confirmed', 'expired', 'cancelled')
    WHEN 'pending-payment' THEN to_status IN ('confirmed', 'expired', 'cancelled')
    WHEN 'confirmed' THEN to_status IN ('confirmed', 'completed', 'no-show', 'cancelled')
    WHEN 'expired' THEN to_status = 'pending-payment'
    ELSE false
END;

CREATE FUNCTION refuse_appointment_move() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an appointment cannot become %', NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'appointments_legal_move';
END
$$;

CREATE TRIGGER appointments_begin_reserved BEFORE INSERT ON appointments
    FOR EACH ROW WHEN (NEW.status <> 'reserved') EXECUTE FUNCTION refuse_appointment_move();

CREATE TRIGGER appointments_legal_move BEFORE UPDATE OF status ON appointments
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND NOT appointment_may_move(OLD.status, NEW.status))
    EXECUTE FUNCTION refuse_appointment_move();

CREATE TABLE appointment_status_history (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appointment_id uuid NOT NULL REFERENCES appointments (id),
    from_status    text,
    to_status      text NOT NULL,
    actor_role     text NOT NULL CHECK (actor_role IN ('patient', 'doctor', 'admin', 'service', 'system')),
    actor_id       uuid,
    reason_code    text NOT NULL,
    at             timestamptz NOT NULL DEFAULT niyat_now(),
    CONSTRAINT appointment_status_history_legal_move CHECK (
        CASE WHEN from_status IS NULL THEN to_status = 'reserved' ELSE appointment_may_move(from_status, to_status) END)
);

CREATE INDEX appointment_status_history_appointment ON appointment_status_history (appointment_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER appointment_status_history_only_grows
    BEFORE UPDATE OR DELETE OR TRUNCATE ON appointment_status_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON appointment_status_history FROM appointments;

-- What admins did and why.
CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_id   uuid NOT NULL,
    action     text NOT NULL CHECK (action IN (
        'create-clinic', 'create-place', 'create-doctor', 'update-doctor', 'set-week', 'block-time', 'lift-block',
        'set-override', 'remove-override', 'set-holiday-calendar', 'add-holiday', 'remove-holiday',
        'confirm-appointment', 'cancel-appointment', 'complete-appointment', 'mark-no-show',
        'reschedule-appointment', 'check-in', 'running-late')),
    subject_id uuid NOT NULL,                           -- the clinic, the doctor or the appointment
    reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    at         timestamptz NOT NULL DEFAULT niyat_now()
);

CREATE INDEX audit_log_subject ON audit_log (subject_id, id);

CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM appointments;

-- Instants leave as RFC 3339 in UTC.
CREATE FUNCTION utc(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN rtrim(rtrim(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z';

-- Where a visit takes place, in words.
CREATE FUNCTION place_of(place_id uuid, d doctors, c clinics) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN place_id IS NULL THEN coalesce(nullif(d.place, ''), c.address) ELSE place_words(place_id) END;

-- Who comes in the patient's stead. A function of its own, and strict: what looks into a table cannot be inlined.
CREATE FUNCTION visitor_json(family_member_id uuid) RETURNS jsonb
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (SELECT jsonb_build_object('family_member_id', f.id, 'name', f.name, 'relationship', f.relationship)
        FROM family_members f WHERE f.id = $1);

-- An appointment as the API shows it: the reservation must store its answer in the statement that makes it,
-- so the shape lives here, for every answer.
CREATE FUNCTION appointment_json(a appointments, d doctors, c clinics) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN jsonb_build_object(
    'appointment_id', a.id,
    'slot_id', a.slot_id,
    'doctor_id', a.doctor_id,
    'doctor_name', d.name,
    'specialty', d.specialty,
    'clinic_name', c.name,
    'place', place_of(a.place_id, d, c),
    'place_id', a.place_id,
    'patient_id', a.patient_id,
    'status', a.status,
    'consultation_type', a.consultation_type,
    'starts_at', utc(a.starts_at),
    'ends_at', utc(a.ends_at),
    'time_zone', a.time_zone,
    'hold_expires_at', utc(a.hold_expires_at),
    'secured', a.secured_by IS NOT NULL,
    'amount', a.price_amount,
    'forfeited_amount', a.forfeited_amount,
    'currency', a.currency,
    'policy', a.policy,
    'payment', a.payment,
    'revision', a.revision,
    'cancelled_by', a.cancelled_by,
    'cancel_reason_code', a.cancel_reason_code,
    'amount_owed_back', a.amount_owed_back,
    'no_show_party', a.no_show_party,
    'checked_in_at', utc(a.checked_in_at),
    'expected_at', utc(a.expected_at),
    'reason_for_visit', a.reason_for_visit,
    'history', coalesce(
        (SELECT jsonb_agg(jsonb_build_object('from_status', h.from_status, 'to_status', h.to_status, 'at', utc(h.at))
            ORDER BY h.id)
        FROM appointment_status_history h WHERE h.appointment_id = a.id),
        -- The statement that makes an appointment does not see the row that it writes beside it.
        jsonb_build_array(
            jsonb_build_object('from_status', NULL, 'to_status', 'reserved', 'at', utc(a.created_at)))),
    'visitor', visitor_json(a.family_member_id),
    'waitlist_entry_id', a.waitlist_entry_id,
    'created_at', utc(a.created_at),
    'updated_at', utc(a.updated_at));
