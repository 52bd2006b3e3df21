"""A clinic's own wording: a draft is a new version, and goes into force when an administrator publishes it.

Versions are never changed, so what was sent can always be read again, and an earlier one can be published anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from niyat.kernel.db import Connection, Row, one
from niyat.notifications.commands.templates import LOCK
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.drafts import previews, refuse_unless_sound
from niyat.notifications.errors import TemplateChanged, TemplateNotFound
from niyat.notifications.rendering import Template

DRAFT = """
INSERT INTO notification_templates (type, channel, language, version, origin, subject, text, html, live, author_id)
SELECT $1, $2, $3, 1 + COALESCE(max(version), 0), 'edited', $4, $5, $6, false, $7
FROM notification_templates WHERE type = $1 AND channel = $2 AND language = $3
RETURNING *
"""
VERSION = """
SELECT * FROM notification_templates WHERE type = $1 AND channel = $2 AND language = $3 AND version = $4
"""
IN_FORCE = """
SELECT version FROM notification_templates WHERE type = $1 AND channel = $2 AND language = $3 AND live
"""
RETIRE = """
UPDATE notification_templates SET live = false WHERE type = $1 AND channel = $2 AND language = $3 AND live
"""
PUT_IN_FORCE = """
UPDATE notification_templates SET live = true, published_by = $5, published_at = niyat_now()
WHERE type = $1 AND channel = $2 AND language = $3 AND version = $4
RETURNING *
"""
REMEMBER = "INSERT INTO audit_log (actor_id, action, subject, reason) VALUES ($1, 'publish-template', $2, $3)"


@dataclass(frozen=True, slots=True)
class Which:
    """The wording of one message on one channel in one language."""

    type: NotificationType
    channel: NotificationChannel
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Jinja's source of each part; `subject` (a push message's title) and `html` only where the channel has them."""

    subject: str
    text: str
    html: str


def template_of(row: Row) -> Template:
    """The stored version, to render."""
    names = ("version", "subject", "text", "html", "language", "channel")
    return Template(**{name: row[name] for name in names})


async def write_draft(conn: Connection, which: Which, wording: Wording, *, author_id: UUID) -> Row:
    """Store it as a new version, which nobody is sent. Raises UndeclaredVariable, WordingRefused."""
    draft = Template(0, wording.subject, wording.text, wording.html, which.language, which.channel)
    refuse_unless_sound(which.type, draft)
    await conn.execute(LOCK)
    key = (which.type, which.channel, which.language)
    return await one(conn, DRAFT, *key, wording.subject, wording.text, wording.html, author_id)


async def publish_template(
    conn: Connection, which: Which, version: int, *, replaces: int | None, actor_id: UUID, reason: str
) -> Row:
    """Put a version in force instead of `replaces`, once it came out well with every sample.

    Nothing happens when it is in force already.
    Raises TemplateNotFound, TemplateChanged (another one is in force), UndeclaredVariable, WordingRefused.
    """
    await conn.execute(LOCK)
    key = (which.type, which.channel, which.language)
    row = await conn.fetchrow(VERSION, *key, version)
    if row is None:
        raise TemplateNotFound
    if row["live"]:
        return row
    in_force = await conn.fetchval(IN_FORCE, *key)
    if in_force != replaces:
        raise TemplateChanged(in_force=in_force)
    template = template_of(row)
    refuse_unless_sound(which.type, template)
    for _ in previews(which.type, template):
        pass  # each is rendered and checked on the way
    await conn.execute(RETIRE, *key)  # a statement of its own: the unique index must see it gone
    published = await one(conn, PUT_IN_FORCE, *key, version, actor_id)
    await conn.execute(REMEMBER, actor_id, "/".join((*key, str(version))), reason)
    return published
