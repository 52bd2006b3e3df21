"""A payments process that is there to be killed at any of its awaited steps; each task is done by a fork of its own.

`python -m tests.support.payments_forks`: tasks come on standard input, a line of JSON each, and how each ended goes out
the same way. Forking saves the imports, without which hundreds of deaths would take an hour.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from niyat.kernel.errors import NiyatError
from niyat.payments.commands.drive_payout import drive_payout
from niyat.payments.commands.drive_refund import drive_refund, due_refunds
from niyat.payments.commands.initiate import initiate
from niyat.payments.commands.refund import request_refund
from niyat.payments.commands.verify import Proof, verify
from niyat.payments.commands.webhook_process import process_webhooks
from niyat.payments.commands.webhook_store import store_webhook
from niyat.payments.domain import Secured
from niyat.payments.jobs import drive_attempts
from niyat.payments.parts import Parts
from niyat.payments.ports import Quote
from tests.support.payments_appointments import InMemoryAppointments, Visit
from tests.support.payments_process import set_up
from tests.support.steps import Stepped


class WitnessedAppointments(InMemoryAppointments):
    """Appointments as another process would be: each call is two awaited steps with the effect between them, and what
    was secured outlives the caller, in a file."""

    def __init__(self, witness: Path) -> None:
        super().__init__()
        self._witness = witness

    async def payment_started(self, appointment_id: UUID, account_id: UUID) -> Quote:
        await asyncio.sleep(0)
        quote = await super().payment_started(appointment_id, account_id)
        await asyncio.sleep(0)
        return quote

    async def secure(
        self,
        appointment_id: UUID,
        payment_id: UUID,
        order_id: str,
        amount: int,
        currency: str,
        *,
        securing: int,
    ) -> Secured:
        await asyncio.sleep(0)
        outcome = await super().secure(
            appointment_id, payment_id, order_id, amount, currency, securing=securing
        )
        if outcome is Secured.SECURED:
            said = [str(appointment_id), str(payment_id), order_id, amount, currency, securing]
            self._witness.write_text(json.dumps(said), encoding="utf-8")
        await asyncio.sleep(0)
        return outcome


async def do(parts: Parts, visit: Visit, what: str, *details: str) -> None:
    """What the process is at when it dies."""
    match what:
        case "initiate":
            await initiate(parts, visit.appointment_id, visit.patient_id)
        case "verify":
            await verify(parts, Proof(*details), account_id=visit.patient_id)
        case "webhook":
            body, signature, event_id = details
            await store_webhook(parts, body.encode(), signature, event_id)
            await process_webhooks(parts)
            await drive_attempts(parts)
        case "decide-refund":
            payment_id, amount, key, admin = details
            await parts.db.run(
                request_refund, UUID(payment_id), int(amount), "goodwill", request=key, requested_by=UUID(admin)
            )  # fmt: skip
        case "payout":
            await drive_payout(parts, UUID(details[0]))
        case "refund":
            for refund_id in await due_refunds(parts):
                await drive_refund(parts, refund_id)


async def work(task: dict[str, Any]) -> int:
    """Do a task to its end, or die on the way; how many steps it has."""
    parts, visit = await set_up(task, WitnessedAppointments(Path(task["witness"])))
    stepped = Stepped(do(parts, visit, *task["do"]), task["die_at"], task["moment"])
    with suppress(NiyatError):
        await stepped
    return stepped.steps


def main() -> None:
    for line in sys.stdin:
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.write(tell, str(asyncio.run(work(json.loads(line)))).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(tell)
        _, status = os.waitpid(child, 0)
        steps = os.read(told, 100).decode()
        os.close(told)
        ended = {"code": os.waitstatus_to_exitcode(status), "steps": int(steps or 0)}
        print(json.dumps(ended), flush=True)


if __name__ == "__main__":
    main()
