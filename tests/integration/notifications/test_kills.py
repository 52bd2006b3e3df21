"""The delivering process is killed (SIGKILL) between its steps; whoever comes next finishes its work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from uuid import uuid4

import pytest

from niyat.notifications.commands.claim import LEASE_SECONDS
from niyat.notifications.commands.queue_code import queue_code
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.sealing import Code
from tests.support.notifications import Visit, World, paid


async def killed_at(world: World, point: str, visit: Visit | None = None) -> None:
    """Deliver in a process of its own, which dies at `point`."""
    view = world.appointments.known[visit.appointment_id].model_dump_json() if visit else "null"
    account = world.accounts.known[visit.patient_id].model_dump_json() if visit else "null"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.notification_process"),
        world.databases.url("notifications"),
        str(world.sandbox.smtp_address[1]),
        *(world.sandbox.twilio_url, world.phone.sid, world.phone.auth_token, view, account),
        env=os.environ | {"NIYAT_CRASH_AT": point},
    )
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("point", "mails"),
    [
        ("notifications:claimed", 1),
        ("notifications:checked", 1),
        ("notifications:sent", 2),  # nobody can know that the relay has it, except by its Message-ID
        ("notifications:marked", 1),
    ],
)
@pytest.mark.failure_row(33)
async def test_a_mail_survives_its_senders_death_with_one_message_id(
    world: World, point: str, mails: int
) -> None:
    visit = await world.visit()
    await world.events(paid(visit))
    await killed_at(world, point, visit)
    await world.deliver()
    assert len(await world.sandbox.mails(visit.email)) == (
        point in {"notifications:sent", "notifications:marked"}
    )
    await world.move(timedelta(seconds=LEASE_SECONDS))
    await world.deliver()
    arrived = await world.sandbox.mails(visit.email)
    assert len(arrived) == mails
    assert len({mail["message_id"] for mail in arrived}) == 1
    assert await world.states(visit) == {"PAYMENT_RECEIPT": ["sent"]}


@pytest.mark.failure_row(33)
async def test_a_text_message_is_sent_once_though_its_sender_died_before_saying_so(world: World) -> None:
    number = f"+9196{uuid4().int % 10**8:08d}"
    sealed = world.parts.seal.close(Code(number, "204816"))
    lapses = await world.now() + timedelta(minutes=5)
    await world.db.run(
        lambda conn: queue_code(
            conn, uuid4(), NotificationChannel.SMS, sealed=sealed, language="en", expires_at=lapses
        )
    )
    await killed_at(world, "notifications:sent")
    await world.move(timedelta(seconds=LEASE_SECONDS))
    assert await world.deliver() == 1
    assert len(await world.sandbox.texts(number)) == 1
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["sealed"]) == ("sent", None)
