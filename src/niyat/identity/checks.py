"""What is always true of identity's database."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.kernel.checks import Check

CHECKS: Sequence[Check] = (
    Check(
        "one-signing-key",
        "Exactly one key signs at any time.",
        """
        SELECT count(kid) AS signing FROM signing_keys
        WHERE signs_from <= niyat_now() AND (signs_until IS NULL OR signs_until > niyat_now())
        HAVING count(kid) <> 1
        """,
    ),
    Check(
        "refresh-tokens-of-live-sessions",
        "Every refresh token belongs to a session that goes on.",
        """
        SELECT t.session_id, s.ended_at FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
        WHERE s.ended_at IS NOT NULL
        """,
    ),
    Check(
        "live-sessions-can-go-on",
        "Every session that goes on has one refresh token that was not replaced.",
        """
        SELECT s.id AS session_id FROM sessions s
        WHERE s.ended_at IS NULL
          AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id AND t.replaced_at IS NULL)
        """,
    ),
    Check(
        "replaced-tokens-lead-on",
        "Every replaced refresh token leads to the next one of its own session.",
        """
        SELECT t.session_id, t.replaced_at FROM refresh_tokens t
        LEFT JOIN refresh_tokens n ON n.hash = t.replaced_by AND n.session_id = t.session_id
        WHERE t.replaced_at IS NOT NULL AND n.hash IS NULL
        """,
    ),
    Check(
        "admins-are-accounted-for",
        "Every doctor and admin was made by somebody, for a reason.",
        """
        SELECT a.id AS account_id, a.roles FROM accounts a
        WHERE a.roles && ARRAY['doctor', 'admin']
          AND NOT EXISTS (SELECT FROM audit_log l WHERE l.account_id = a.id)
        """,
    ),
)
