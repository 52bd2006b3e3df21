-- Days on which a clinic is closed: those of its country, and its own. A doctor who has an override for such a day
-- works by it.

CREATE TABLE holiday_calendars (
    clinic_id   uuid PRIMARY KEY REFERENCES clinics (id),
    country     text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),            -- ISO 3166-1
    subdivision text CHECK (length(subdivision) BETWEEN 1 AND 40),       -- ISO 3166-2 without its country, or a name
    created_at  timestamptz NOT NULL DEFAULT niyat_now()
);

-- A national holiday that the clinic works through stays, not observed: it would come again otherwise.
CREATE TABLE clinic_holidays (
    clinic_id  uuid NOT NULL REFERENCES clinics (id),
    day        date NOT NULL,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    source     text NOT NULL CHECK (source IN ('national', 'clinic')),
    observed   boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT niyat_now(),
    PRIMARY KEY (clinic_id, day),
    CONSTRAINT clinic_holidays_own_is_observed CHECK (observed OR source = 'national')
);

-- Clinics whose holidays changed: the doctors after `after_key` are still to be planned anew.
CREATE TABLE clinic_replans (
    clinic_id uuid PRIMARY KEY REFERENCES clinics (id),
    after_key int NOT NULL DEFAULT 0,
    asked_at  timestamptz NOT NULL DEFAULT niyat_now()
);

-- The hours of a doctor's day: its override, else the weekly hours unless the clinic is closed. The planner works by
-- the same rule, for many days at once; a test holds the two together.
CREATE FUNCTION open_hours(d doctors, on_day date)
RETURNS TABLE (day date, start_time time, end_time time, consultation_types text[], place_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT on_day, o.start_time, o.end_time, o.consultation_types, o.place_id
    FROM availability_overrides o
    WHERE o.doctor_id = d.id AND o.day = on_day AND o.start_time IS NOT NULL
    UNION ALL
    SELECT on_day, w.start_time, w.end_time, w.consultation_types, w.place_id
    FROM weekly_availability w
    WHERE w.doctor_id = d.id AND w.weekday = extract(isodow FROM on_day)
      AND NOT EXISTS (SELECT FROM availability_overrides o WHERE o.doctor_id = d.id AND o.day = on_day)
      AND NOT EXISTS (
          SELECT FROM clinic_holidays h WHERE h.clinic_id = d.clinic_id AND h.day = on_day AND h.observed)
$$;

-- Whether a visit lies, even in part, outside of the hours as they are now: those for its type and, in person, at
-- its place. Windows that meet are one.
CREATE FUNCTION lies_outside_hours(a appointments, d doctors) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NOT coalesce(visit.span <@ (
        SELECT range_agg(tsrange(h.day + h.start_time, h.day + h.end_time)) FROM open_hours(d, visit.day) h
        WHERE (h.consultation_types IS NULL OR a.consultation_type = ANY (h.consultation_types))
          AND (a.consultation_type <> 'IN_PERSON' OR h.place_id IS NOT DISTINCT FROM a.place_id)), false)
    FROM (SELECT wall::date AS day, tsrange(wall, wall + (a.ends_at - a.starts_at)) AS span
          FROM (SELECT a.starts_at AT TIME ZONE d.time_zone AS wall) AS local) AS visit
$$;
