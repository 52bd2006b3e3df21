"""What runs on its own: pruning, and a new signing key each month."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.identity.commands.prune import prune
from niyat.identity.commands.rotate_keys import rotate_keys
from niyat.identity.hashing import Keyed
from niyat.kernel.db import Database
from niyat.kernel.jobs import Job

HOUR = 3600.0


def jobs(db: Database, keyed: Keyed) -> Sequence[Job]:
    return (
        Job("identity: prune", HOUR, lambda: db.run(prune)),
        Job("identity: rotate signing keys", HOUR, lambda: rotate_keys(db, keyed)),
    )
