"""A process of its own for the kill tests: delivers what is due, then ends.

`python -m tests.support.notification_process URL SMTP_PORT TWILIO_URL SID TOKEN VIEW ACCOUNT`; the last two are
JSON, and may be `null` when only a code is due. NIYAT_CRASH_AT says where it dies.
"""

from __future__ import annotations

import asyncio
import sys

from niyat.kernel.db import Database
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.ports import Account, AppointmentView
from tests.support.notifications import FakeAccounts, FakeAppointments, parts_over


async def main(
    url: str, smtp_port: str, twilio_url: str, sid: str, token: str, view: str, account: str
) -> None:
    db = await Database.connect(url, max_connections=2)
    appointments, accounts = FakeAppointments(), FakeAccounts()
    if view != "null":
        known, who = AppointmentView.model_validate_json(view), Account.model_validate_json(account)
        appointments.known[known.appointment_id] = known
        accounts.known[who.account_id] = who
    parts, close = parts_over(db, appointments, accounts, int(smtp_port), twilio_url, sid, token)
    await deliver_due(parts)
    await close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
