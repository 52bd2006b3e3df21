"""A payments process that is there to be killed: does one thing and dies where `NIYAT_CRASH_AT` says.

python -m tests.support.payments_victim '{"database": …, "settings": {…}, "visit": {…}, "do": […]}'
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from uuid import UUID

from niyat.payments.commands.drive_payout import drive_payout, due_payouts
from niyat.payments.commands.drive_refund import drive_refund, due_refunds
from niyat.payments.commands.initiate import initiate
from niyat.payments.commands.issue_receipt import issue_receipts
from niyat.payments.commands.record_receipt import Taken, record_receipt
from niyat.payments.commands.verify import Proof, verify
from niyat.payments.commands.webhook_process import process_webhooks
from niyat.payments.commands.webhook_store import store_webhook
from niyat.payments.domain import PaymentMethod
from tests.support.payments_appointments import InMemoryAppointments
from tests.support.payments_process import set_up


async def main(task: dict[str, Any]) -> None:
    parts, visit = await set_up(task, InMemoryAppointments())
    what, *details = task["do"]
    if what == "initiate":
        await initiate(parts, visit.appointment_id, visit.patient_id)
    elif what == "verify":
        await verify(parts, Proof(*details), account_id=visit.patient_id)
    elif what == "receipt":
        taken = Taken(
            appointment_id=visit.appointment_id,
            method=PaymentMethod.CASH,
            reason_code="paid-at-desk",
            received_by=UUID(details[0]),
            request=details[1],
        )
        await record_receipt(parts, taken)
    elif what == "webhook":
        body, signature, event_id = details
        await store_webhook(parts, body.encode(), signature, event_id)
        await process_webhooks(parts)
    elif what == "issue":
        await issue_receipts(parts)
    elif what == "payout":
        for payout_id in await due_payouts(parts):
            await drive_payout(parts, payout_id)
    elif what == "refund":
        for refund_id in await due_refunds(parts):
            await drive_refund(parts, refund_id)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
