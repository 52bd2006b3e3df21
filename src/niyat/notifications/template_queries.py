"""What administrators see of the wording."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.kernel.db import Database, Row
from niyat.notifications.commands.edit_templates import VERSION, Which
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.errors import TemplateNotFound

# The newest version beside the one in force: a draft, or wording that a release brought and the clinic did not take.
TEMPLATES = """
SELECT type, channel, language, max(version) AS newest, max(version) FILTER (WHERE live) AS in_force
FROM notification_templates
WHERE ($1::text IS NULL OR type = $1) AND ($2::text IS NULL OR channel = $2) AND ($3::text IS NULL OR language = $3)
GROUP BY type, channel, language ORDER BY type, channel, language
"""
VERSIONS = """
SELECT * FROM notification_templates
WHERE type = $1 AND channel = $2 AND language = $3 AND ($4::bigint IS NULL OR version < $4)
ORDER BY version DESC LIMIT $5
"""


async def list_templates(
    db: Database,
    kind: NotificationType | None,
    channel: NotificationChannel | None,
    language: str | None,
) -> Sequence[Row]:
    """One row for each type, channel and language that has wording."""
    return await db.fetch(TEMPLATES, kind, channel, language)


async def list_versions(db: Database, which: Which, *, before: int | None, limit: int) -> Sequence[Row]:
    """Newest first; one more than `limit` when there are more."""
    return await db.fetch(VERSIONS, which.type, which.channel, which.language, before, limit + 1)


async def find_version(db: Database, which: Which, version: int) -> Row:
    """Raises TemplateNotFound."""
    row = await db.fetchrow(VERSION, which.type, which.channel, which.language, version)
    if row is None:
        raise TemplateNotFound
    return row
