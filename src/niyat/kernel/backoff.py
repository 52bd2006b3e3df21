"""How long to wait before another try: doubling, bounded, and never the same for two at once."""

from __future__ import annotations

import random
from datetime import timedelta


def delay(tries: int, *, base_seconds: float, longest_seconds: float) -> timedelta:
    """The wait after the `tries`-th failure (from 1): between half and all of `base · 2^(tries-1)`."""
    full = min(base_seconds * 2.0 ** min(tries - 1, 30), longest_seconds)
    return timedelta(seconds=full * random.uniform(0.5, 1.0))
