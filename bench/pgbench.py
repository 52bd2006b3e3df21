"""The yardstick: PostgreSQL's own load generator runs the reservation's statement, the very same text."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench.clinic import SLOT_ID_IN_SQL
from niyat.appointments.domain import HOLD
from niyat.appointments.refund_policy import RefundPolicy
from niyat.appointments.reservation import RESERVE
from niyat.events.catalogue import AppointmentReserved
from niyat.events.outbox import draft_for
from niyat.kernel.ids import new_id

# Each client counts its own numbers up, so that no parameter costs a round trip.
NUMBER = "\\set turn :turn + 1\n\\set number :first + :turn * :clients + :client_id\n"
PARAMETERS = {
    1: SLOT_ID_IN_SQL,
    2: ":account",
    3: ":type",
    4: "uuidv7()",
    5: ":hold",
    6: ":policy",
    7: ":account",
    8: "uuidv7()",
    9: ":draft",
    10: ":route",
    11: "('bench-' || :number::text)",
    12: ":fingerprint",
    13: ":reason",
    14: "NULL::uuid",
    15: "NULL::uuid",
    16: "'patient'",
    17: ":account",
}


@dataclass(frozen=True)
class Pgbench:
    """The program, and the URL of the service's own role over the Unix socket."""

    program: Path
    url: str
    policy: RefundPolicy
    reason: str

    async def transactions_per_second(self, folder: Path, first: int, *, clients: int, each: int) -> float:
        """Reserve the slots numbered from `first` on, `each` by every client."""
        script = folder / "reserve.sql"
        script.write_text(
            NUMBER + re.sub(r"\$(\d+)", lambda match: PARAMETERS[int(match[1])], RESERVE) + ";\n"
        )
        values = {
            "first": first,
            "clients": clients,
            "turn": -1,
            "account": new_id(),
            "type": "VIDEO",
            "hold": f"{HOLD.total_seconds()} seconds",
            "policy": json.dumps(self.policy.as_json()),
            "draft": json.dumps(draft_for(AppointmentReserved, 1).payload),
            "route": "POST /api/v1/appointments/reserve",
            "fingerprint": "0" * 64,
            "reason": self.reason,
        }
        where = urlsplit(self.url)
        host, port = re.findall(r"host=([^&]*)&port=(\d+)", where.query)[0]
        process = await asyncio.create_subprocess_exec(
            self.program,
            *("--no-vacuum", "--protocol=prepared", f"--file={script}"),
            *(f"--client={clients}", f"--jobs={min(clients, os.cpu_count() or 1)}", f"--transactions={each}"),
            *(f"--define={name}={value}" for name, value in values.items()),
            env={
                "PGHOST": unquote(host),
                "PGPORT": port,
                "PGUSER": unquote(where.username or ""),
                "PGPASSWORD": unquote(where.password or ""),
                "PGDATABASE": where.path.lstrip("/"),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = (text.decode() for text in await process.communicate())
        found = re.search(r"tps = ([\d.]+) \(without initial connection time\)", out)
        if process.returncode != 0 or found is None:
            raise RuntimeError(f"pgbench failed: {err[-2000:]}")
        return float(found[1])
