"""What must hold in notification_db at any time."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.kernel.checks import Check

CONFIRMED = """
confirmed AS (
    SELECT i.finished_at AS handled_at, i.payload -> 'data' AS event FROM inbox i
    WHERE i.consumer = 'notifications.appointments' AND i.state = 'done' AND i.type = 'APPOINTMENT_CONFIRMED'
      AND i.finished_at <= niyat_now() - make_interval(secs => $1)),
visits AS (
    SELECT DISTINCT ON (appointment_id, revision)
           (event ->> 'appointment_id')::uuid AS appointment_id, (event ->> 'revision')::bigint AS revision,
           (event ->> 'patient_id')::uuid AS account_id, (event ->> 'starts_at')::timestamptz AS starts_at, handled_at
    FROM confirmed ORDER BY appointment_id, revision, handled_at)
"""

CHECKS: Sequence[Check] = (
    Check(
        "confirmations-planned",
        "Every confirmed appointment has its confirmation planned.",
        f"""
        WITH {CONFIRMED}
        SELECT v.appointment_id, v.revision, count(n.id) AS planned
        FROM visits v LEFT JOIN scheduled_notifications n
          ON n.type = 'APPOINTMENT_CONFIRMED' AND n.appointment_id = v.appointment_id AND n.revision = v.revision
        GROUP BY v.appointment_id, v.revision HAVING count(n.id) = 0
        """,  # noqa: S608 - our own text
    ),
    Check(
        "reminders-planned",
        "Every confirmed appointment of whoever never chose has each reminder that was ahead planned exactly once.",
        f"""
        WITH {CONFIRMED}
        SELECT v.appointment_id, v.revision, o.minutes, count(n.id) AS planned
        FROM visits v
        CROSS JOIN (VALUES (1440), (60), (15)) AS o (minutes)
        LEFT JOIN scheduled_notifications n
          ON n.type = 'APPOINTMENT_REMINDER' AND n.appointment_id = v.appointment_id
         AND n.revision = v.revision AND n.offset_minutes = o.minutes AND n.dedupe_key LIKE '%:EMAIL'
        WHERE NOT EXISTS (SELECT FROM user_notification_settings s WHERE s.account_id = v.account_id)
        GROUP BY v.appointment_id, v.revision, v.starts_at, v.handled_at, o.minutes
        HAVING count(n.id) <> CASE WHEN v.starts_at - make_interval(mins => o.minutes) > v.handled_at
                                   THEN 1 ELSE 0 END
        """,  # noqa: S608 - our own text
    ),
    Check(
        "wanted-reminders-planned",
        "Every visit that stands has each reminder planned that its patient wants and that was still ahead.",
        """
        SELECT u.appointment_id, u.revision, o.minutes, c.channel
        FROM upcoming_visits u
        LEFT JOIN user_notification_settings s USING (account_id)
        CROSS JOIN unnest(COALESCE(s.reminder_offsets_minutes, '{1440,60,15}')) AS o (minutes)
        CROSS JOIN (VALUES ('EMAIL', true), ('SMS', false), ('PUSH', false)) AS c (channel, by_default)
        LEFT JOIN user_notification_preferences p
          ON p.account_id = u.account_id AND p.type = 'APPOINTMENT_REMINDER' AND p.channel = c.channel
        WHERE COALESCE(p.enabled, c.by_default)
          AND u.starts_at - make_interval(mins => o.minutes::int) > GREATEST(u.planned_at, s.updated_at)
          AND NOT EXISTS (
              SELECT FROM scheduled_notifications n
              WHERE n.appointment_id = u.appointment_id AND n.type = 'APPOINTMENT_REMINDER'
                AND n.revision = u.revision AND n.offset_minutes = o.minutes
                AND (n.channel = c.channel OR n.dedupe_key LIKE '%:' || c.channel))
        """,
    ),
    Check(
        "choices-agreed-to",
        "What a person chose is what they said last, on record with when and how.",
        """
        SELECT p.account_id, p.type, p.channel, p.enabled, c.enabled AS agreed
        FROM user_notification_preferences p
        LEFT JOIN LATERAL (
            SELECT enabled FROM notification_consents
            WHERE (account_id, type, channel) = (p.account_id, p.type, p.channel) ORDER BY id DESC LIMIT 1) c ON true
        WHERE c.enabled IS DISTINCT FROM p.enabled
        """,
    ),
    Check(
        "nothing-stuck",
        "Nothing stays in sending beyond its lease, or queued long after it was due.",
        """
        SELECT id, type, status, last_error FROM scheduled_notifications
        WHERE (status = 'sending' AND lease_until <= niyat_now() - make_interval(secs => $1))
           OR (status = 'queued' AND next_at < niyat_now() - make_interval(secs => $1))
        """,
    ),
    Check(
        "sent-once",
        "Nothing is sent after it was suppressed or missed, and nothing twice unless it failed in between.",
        """
        SELECT notification_id FROM notification_logs
        GROUP BY notification_id
        HAVING max(id) FILTER (WHERE status = 'sent') > min(id) FILTER (WHERE status IN ('suppressed', 'missed'))
        UNION
        SELECT notification_id FROM (
            SELECT notification_id, status,
                   lag(status) OVER (PARTITION BY notification_id ORDER BY id) AS before
            FROM notification_logs WHERE status IN ('sent', 'failed', 'delivered')) ends
        WHERE (status = 'sent' AND before IN ('sent', 'delivered'))
           OR (status = 'delivered' AND before IS DISTINCT FROM 'sent')
        """,
    ),
    Check(
        "log-agrees-with-queue",
        "Whatever is over says in the log how it ended, last of all.",
        """
        SELECT n.id, n.status, l.status FROM scheduled_notifications n
        LEFT JOIN LATERAL (
            SELECT status FROM notification_logs WHERE notification_id = n.id ORDER BY id DESC LIMIT 1) l ON true
        WHERE n.status NOT IN ('queued', 'sending') AND l.status IS DISTINCT FROM n.status
        """,
    ),
    Check(
        "no-code-kept",
        "No sign-in code stays readable after it was sent or has lapsed.",
        """
        SELECT id, status FROM scheduled_notifications
        WHERE sealed IS NOT NULL
          AND (status NOT IN ('queued', 'sending') OR too_late_at < niyat_now() - make_interval(secs => $1))
        """,
    ),
    Check(
        "no-reminder-late",
        "No reminder is sent before its time or long after it.",
        """
        SELECT n.id, n.due_at, l.recorded_at FROM scheduled_notifications n
        JOIN notification_logs l ON l.notification_id = n.id AND l.status = 'sent'
        WHERE n.offset_minutes IS NOT NULL
          AND (l.recorded_at < n.due_at OR l.recorded_at > n.too_late_at + interval '2 minutes')
        """,
    ),
    Check(
        "staff-told",
        "What doctors and administrators are to be told does not wait to be queued for them.",
        """
        SELECT message_id, type, dedupe_key, created_at FROM staff_messages
        WHERE queued_at IS NULL AND created_at <= niyat_now() - make_interval(secs => $1)
        """,
    ),
    Check(
        "lifted-with-a-reason",
        "Whoever lets us write to a suppressed address again said why.",
        """
        SELECT s.id FROM suppressed_addresses s
        WHERE s.lifted_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_log a
            WHERE a.subject_id = s.id AND a.action = 'lift-suppression' AND a.actor_id = s.lifted_by)
        """,
    ),
    Check(
        "reports-applied",
        "What a provider said of a message that we know is acted on.",
        """
        SELECT r.id, r.provider, r.outcome FROM provider_reports r
        JOIN notification_logs l ON l.status = 'sent' AND l.provider = r.provider
         AND (l.provider_message_id = r.provider_message_id OR l.notification_id = r.notification_id)
        WHERE r.applied_at IS NULL AND r.received_at <= niyat_now() - make_interval(secs => $1)
          AND l.recorded_at <= niyat_now() - make_interval(secs => $1)
        """,
    ),
)
