"""Reason codes in events and history: short words without blanks, so that no sentence about a person fits in."""

from __future__ import annotations

import re


def reason_code(text: str | None) -> str:
    """The gateway's reason as a code (`payment_failed` → `payment-failed`); `unknown` when it gave none."""
    spelt = re.sub(r"[^A-Za-z0-9]+", "-", text or "").strip("-").lower()[:64]
    return spelt or "unknown"
