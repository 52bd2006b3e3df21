"""Delete what is over and no rule asks about any more."""

from __future__ import annotations

from niyat.kernel.db import Connection

# The limits look back one day.
CHALLENGES = "DELETE FROM sign_in_challenges WHERE created_at < niyat_now() - interval '2 days'"
EXPIRE_SESSIONS = """
UPDATE sessions s SET ended_at = niyat_now(), end_reason = 'expired'
WHERE ended_at IS NULL
  AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id AND t.expires_at > niyat_now())
"""
TOKENS = """
DELETE FROM refresh_tokens t USING sessions s
WHERE s.id = t.session_id AND (s.ended_at IS NOT NULL OR (t.replaced_at IS NOT NULL AND t.expires_at <= niyat_now()))
"""
SESSIONS = "DELETE FROM sessions WHERE ended_at < niyat_now() - interval '90 days'"


async def prune(conn: Connection) -> None:
    """End the sessions that nobody can refresh any more, and delete old challenges, tokens and sessions."""
    for statement in (CHALLENGES, EXPIRE_SESSIONS, TOKENS, SESSIONS):
        await conn.execute(statement)
