"""Leave a doctor's line. What is on offer then goes to the next."""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.commands.cancel import cancel
from niyat.appointments.commands.plan import lock_doctors
from niyat.appointments.errors import NotOnWaitlist, WaitlistEntryNotFound
from niyat.appointments.waitlist import OPEN, WaitlistStatus
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

DOCTOR_OF = "SELECT doctor_id FROM waitlist_entries WHERE id = $1 AND patient_id = $2"
STATUS = "SELECT status FROM waitlist_entries WHERE id = $1"
# What it was offered is what the row said before.
LEAVE = """
UPDATE waitlist_entries SET status = 'left', appointment_id = NULL, updated_at = niyat_now()
WHERE id = $1 AND status IN ('waiting', 'offered') RETURNING old.appointment_id
"""


async def leave_waitlist(conn: Connection, entry_id: UUID, who: Principal) -> None:
    """Leave; nothing happens when that is done. By the patient alone. Raises WaitlistEntryNotFound, NotOnWaitlist."""
    doctor_id = await conn.fetchval(DOCTOR_OF, entry_id, who.account_id)
    if doctor_id is None:
        raise WaitlistEntryNotFound
    await lock_doctors(conn, [doctor_id])
    status = WaitlistStatus(await conn.fetchval(STATUS, entry_id))
    if status is WaitlistStatus.LEFT:
        return
    if status not in OPEN:
        raise NotOnWaitlist
    # First out of the line: what the offer gives back must not come to the same entry again.
    offered = await conn.fetchval(LEAVE, entry_id)
    if offered:
        await cancel(conn, offered, who, reason_code="left-waitlist")
