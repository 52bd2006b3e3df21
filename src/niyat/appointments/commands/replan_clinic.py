"""Plans a clinic's doctors anew after its holidays changed, some at a time: a transaction that takes thousands of
doctors' locks would exhaust the server's table. What is still to do stands in `clinic_replans`, so nothing is lost
when a batch is the last before a crash.

Lock order: the clinic (its row, then its mark), then doctors.
"""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.commands.plan import replan
from niyat.kernel.db import Connection, Database

ASK = """
INSERT INTO clinic_replans (clinic_id) VALUES ($1)
ON CONFLICT (clinic_id) DO UPDATE SET after_key = 0, asked_at = niyat_now()
"""

# $1 null: whichever clinic waits longest and nobody else is at.
MARK = """
SELECT clinic_id, after_key FROM clinic_replans WHERE $1::uuid IS NULL OR clinic_id = $1
ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""

NEXT = (
    "SELECT id, doctor_key FROM doctors WHERE clinic_id = $1 AND doctor_key > $2 ORDER BY doctor_key LIMIT $3"
)

MOVE_ON = "UPDATE clinic_replans SET after_key = $2 WHERE clinic_id = $1"
DONE = "DELETE FROM clinic_replans WHERE clinic_id = $1"


async def ask_for_replan(conn: Connection, clinic_id: UUID) -> None:
    """Mark all of the clinic's doctors to be planned anew."""
    await conn.execute(ASK, clinic_id)


async def replan_next(
    conn: Connection, clinic_id: UUID | None = None, *, days_ahead: int, doctors_per_batch: int
) -> bool:
    """Plan the next doctors of the clinic (else of any that waits) anew; whether there was anything to do."""
    mark = await conn.fetchrow(MARK, clinic_id)
    if mark is None:
        return False
    doctors = await conn.fetch(NEXT, mark["clinic_id"], mark["after_key"], doctors_per_batch)
    await replan(conn, [row["id"] for row in doctors], days_ahead=days_ahead)
    if len(doctors) < doctors_per_batch:
        await conn.execute(DONE, mark["clinic_id"])
    else:
        await conn.execute(MOVE_ON, mark["clinic_id"], doctors[-1]["doctor_key"])
    return True


async def replan_waiting(db: Database, *, days_ahead: int, doctors_per_batch: int) -> None:
    """Plan anew all that waits, each batch in its own transaction."""
    while await db.run(replan_next, days_ahead=days_ahead, doctors_per_batch=doctors_per_batch):
        pass
