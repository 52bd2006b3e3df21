"""Records the gateway's word that a bank, a card network or a UPI app has trouble, or has none any more.

What is older than what is known is ignored. A trouble that the gateway has not confirmed for a while is not shown.
"""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.db import Connection
from niyat.payments.commands.gateway_list import claim_list, read_soon
from niyat.payments.parts import Parts
from niyat.payments.ports import Refused, Unknown
from niyat.payments.records import DowntimeFact

STORE = """
INSERT INTO gateway_downtimes AS d (downtime_id, method, instrument, severity, scheduled, begins_at, ends_at, resolved,
    changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (downtime_id) DO UPDATE SET method = excluded.method, instrument = excluded.instrument,
    severity = excluded.severity, scheduled = excluded.scheduled, begins_at = excluded.begins_at,
    ends_at = excluded.ends_at, resolved = excluded.resolved, changed_at = excluded.changed_at,
    confirmed_at = niyat_now()
WHERE excluded.changed_at >= d.changed_at AND (excluded.resolved OR NOT d.resolved)
"""
LASTING = "SELECT downtime_id FROM gateway_downtimes WHERE NOT resolved"
GONE = "UPDATE gateway_downtimes SET resolved = true WHERE downtime_id = $1"
FORGET = "DELETE FROM gateway_downtimes WHERE resolved AND confirmed_at < niyat_now() - interval '30 days'"
LIST_EVERY = timedelta(minutes=1)
CONFIRMED_WITHIN = timedelta(minutes=15)


async def record_downtime(conn: Connection, fact: DowntimeFact, *, source: str) -> None:
    """Store the fact. `source` webhook: the gateway is asked for its list soon."""
    await conn.execute(
        STORE, fact.downtime_id, fact.method, dict(fact.instrument), fact.severity, fact.scheduled, fact.begins_at,
        fact.ends_at, fact.resolved, fact.changed_at,
    )  # fmt: skip
    if source == "webhook":
        await read_soon(conn, "downtimes")


async def list_downtimes(parts: Parts) -> None:
    """Read the gateway's list, when it is time; what it has no more is asked about by its id."""
    if not await claim_list(parts, "downtimes", LIST_EVERY):
        return
    answer = await parts.records.downtimes()
    if isinstance(answer, (Refused, Unknown)):
        return  # unknown: read again at its next turn
    for fact in answer:
        await parts.db.run(record_downtime, fact, source="gateway")
    listed = {fact.downtime_id for fact in answer}
    for known in await parts.db.fetch(LASTING):
        if known["downtime_id"] not in listed:
            await _ask(parts, known["downtime_id"])
    await parts.db.execute(FORGET)


async def _ask(parts: Parts, downtime_id: str) -> None:
    answer = await parts.records.downtime(downtime_id)
    if isinstance(answer, Refused):  # the gateway knows of no such trouble
        await parts.db.execute(GONE, downtime_id)
    elif not isinstance(answer, Unknown):
        await parts.db.run(record_downtime, answer, source="gateway")
