"""What a test needs from the machine: without it, skipped, or failed where NIYAT_REQUIRE names it."""

from __future__ import annotations

import os

import pytest


def need(name: str, available: bool, why: str) -> None:
    """Go on only if `name` (e.g. "browser") is available; `why` says what is missing."""
    if available:
        return
    required = {part.strip() for part in os.environ.get("NIYAT_REQUIRE", "").split(",")}
    if name in required:
        pytest.fail(f"{name} is required here (NIYAT_REQUIRE): {why}", pytrace=False)
    pytest.skip(f"no {name}: {why}")
