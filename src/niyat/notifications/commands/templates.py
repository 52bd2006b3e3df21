"""The wording in force. The wording that ships with Niyat is stored as version 1; a release that words it anew adds
a version, which goes live unless this clinic has chosen the wording in force itself.
"""

from __future__ import annotations

from niyat.kernel.db import Connection
from niyat.kernel.local_time import DEFAULT_LANGUAGE
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.errors import TemplateWrong
from niyat.notifications.rendering import Template
from niyat.notifications.wording import shipped

LIVE = """
SELECT version, subject, text, html, language, channel FROM notification_templates
WHERE type = $1 AND channel = $2 AND language = ANY ($3) AND live
ORDER BY array_position($3, language) LIMIT 1
"""

LOCK = "SELECT pg_advisory_xact_lock(11, 1)"  # 11: our lock space for wording

SEED = """
WITH shipped AS (
    SELECT subject, text, html FROM notification_templates
    WHERE type = $1 AND channel = $2 AND language = $3 AND origin = 'shipped' ORDER BY version DESC LIMIT 1),
news AS (
    SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM shipped WHERE (subject, text, html) = ($4, $5, $6))),
retired AS (
    UPDATE notification_templates SET live = false
    WHERE type = $1 AND channel = $2 AND language = $3 AND live AND origin = 'shipped' AND published_by IS NULL
      AND EXISTS (SELECT 1 FROM news))
INSERT INTO notification_templates (type, channel, language, version, origin, subject, text, html, live)
SELECT $1, $2, $3,
       1 + COALESCE((SELECT max(version) FROM notification_templates
                     WHERE type = $1 AND channel = $2 AND language = $3), 0),
       'shipped', $4, $5, $6, false
FROM news
"""

# A statement of its own: the unique index of the live version must see the retired one gone.
GO_LIVE = """
UPDATE notification_templates t SET live = true
WHERE type = $1 AND channel = $2 AND language = $3 AND origin = 'shipped'
  AND version = (SELECT max(version) FROM notification_templates
                 WHERE type = $1 AND channel = $2 AND language = $3 AND origin = 'shipped')
  AND NOT EXISTS (SELECT 1 FROM notification_templates WHERE type = $1 AND channel = $2 AND language = $3 AND live)
"""


async def seed_templates(conn: Connection) -> None:
    """Store the shipped wording where it is new. Safe to run again, and from several processes at once."""
    await conn.execute(LOCK)
    for each in shipped():
        which = (each.type, each.channel, each.language)
        await conn.execute(SEED, *which, each.subject, each.text, each.html)
        await conn.execute(GO_LIVE, *which)


async def live_template(
    conn: Connection, kind: NotificationType, channel: NotificationChannel, language: str | None
) -> Template:
    """The live wording in `language`, or in English. Raises TemplateWrong when there is none."""
    row = await conn.fetchrow(LIVE, kind, channel, [language or DEFAULT_LANGUAGE, DEFAULT_LANGUAGE])
    if row is None:
        raise TemplateWrong(f"There is no template for {kind} by {channel}.")
    return Template(**dict(row))
