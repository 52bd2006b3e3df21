"""Named points at which a test can kill this very process with SIGKILL, as a power cut would.

Inert unless the environment variable `NIYAT_CRASH_AT` is set; production settings refuse to start with it
(they ask `armed()`). The points are where a crash hurts most: between a commit and its publication, between
an effect and its acknowledgement. SIGKILL leaves no `finally` and no rollback of ours, which is the test.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "NIYAT_CRASH_AT"

POINTS = frozenset(
    {
        "outbox:committed",
        "relay:after-handover",
        "inbox:after-receive",
        "inbox:after-effect",
        "inbox:after-commit",
        "payments:order-intended",
        "payments:order-created",
        "payments:secured",
        "payments:capture-intended",
        "payments:capture-called",
        "payments:capture-recorded",
        "payments:refund-intended",
        "payments:refund-called",
        "payments:refund-recorded",
        "payments:payout-intended",
        "payments:payout-looked-up",
        "payments:payout-called",
        "payments:payout-recorded",
        "payments:receipt-intended",
        "payments:receipt-secured",
        "payments:receipt-recorded",
        "payments:receipt-claimed",
        "payments:receipt-facts-known",
        "payments:receipt-number-taken",
        "payments:receipt-issued",
        "payments:webhook-stored",
        "notifications:claimed",
        "notifications:checked",
        "notifications:sent",
        "notifications:marked",
    }
)
"""Every point there is; a test that names another one is told so."""


def armed() -> str | None:
    """The point this process is to die at, or None. Settings refuse production when it is not None."""
    return os.environ.get(VARIABLE) or None


def crash_point(name: str) -> None:
    """Die here if `NIYAT_CRASH_AT` says `name`. Raises ValueError when the variable names no known point."""
    wanted = armed()
    if wanted is None:
        return
    if wanted not in POINTS:
        raise ValueError(f"{VARIABLE}={wanted!r} is no crash point; known are {', '.join(sorted(POINTS))}")
    if wanted == name:
        os.kill(os.getpid(), signal.SIGKILL)
