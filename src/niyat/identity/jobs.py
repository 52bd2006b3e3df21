"""What identity does on its own: pruning, and a new signing key each month."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.identity.commands.prune import prune
from niyat.identity.commands.rotate_keys import rotate_keys
from niyat.identity.parts import Parts
from niyat.kernel.jobs import Job

HOUR_SECONDS = 3600.0


def jobs(parts: Parts) -> Sequence[Job]:
    """Each may run in several processes at once."""
    return (
        Job("identity: prune what is over", HOUR_SECONDS, lambda: parts.db.run(prune)),
        Job("identity: rotate signing keys", HOUR_SECONDS, lambda: rotate_keys(parts.db, parts.keyed)),
    )
