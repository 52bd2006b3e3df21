"""A process of its own for the kill tests: delivers what is due, then ends.

`python -m tests.support.notification_process URL SMTP_PORT TWILIO_URL SID TOKEN VIEW ACCOUNT PUSH`; the last three are
JSON, and may be `null`: VIEW and ACCOUNT when only a code is due, PUSH when push messages are off. NIYAT_CRASH_AT
says where it dies.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace

from pydantic import SecretStr

from niyat.kernel.db import Database
from niyat.notifications.adapters.fcm import FcmPushProvider
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.ports import Account, AppointmentView
from niyat.notifications.providers import FcmSettings
from tests.support.notifications import parts_over
from tests.support.notifications_neighbours import FakeAccounts, FakeAppointments
from tests.support.sandbox import PushProject


def push_over(project: PushProject) -> FcmPushProvider:
    """The real adapter over the sandbox."""
    account = SecretStr(project.service_account)
    return FcmPushProvider(FcmSettings(service_account=account, base_url=project.url, timeout_seconds=10))


async def main(
    url: str, smtp_port: str, twilio_url: str, sid: str, token: str, view: str, account: str, project: str
) -> None:
    db = await Database.connect(url, max_connections=2)
    appointments, accounts = FakeAppointments(), FakeAccounts()
    if view != "null":
        known, who = AppointmentView.model_validate_json(view), Account.model_validate_json(account)
        appointments.known[known.appointment_id] = known
        accounts.known[who.account_id] = who
    parts, close = parts_over(db, appointments, accounts, int(smtp_port), twilio_url, sid, token)
    push = push_over(PushProject(**json.loads(project))) if project != "null" else None
    await deliver_due(replace(parts, push=push))
    if push is not None:
        await push.close()
    await close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
