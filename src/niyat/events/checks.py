"""What must hold in the pipeline's tables of every service: nothing is stuck, and nothing was given up on."""

from __future__ import annotations

from niyat.kernel.checks import Check

CHECKS = (
    Check(
        "outbox-empties",
        "Every event that was stored was published.",
        """
        SELECT id, type, key, last_error FROM outbox
        WHERE published_at IS NULL AND created_at <= niyat_now() - make_interval(secs => $1)
        """,
    ),
    Check(
        "inbox-empties",
        "Every event that arrived was handled, and none is a dead letter.",
        """
        SELECT arrival, consumer, type, key, state, last_error FROM inbox
        WHERE state = 'dead' OR (state = 'new' AND received_at <= niyat_now() - make_interval(secs => $1))
        """,
    ),
)
