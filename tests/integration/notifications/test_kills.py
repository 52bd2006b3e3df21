"""The delivering process is killed (SIGKILL) between its steps; whoever comes next finishes its work."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from niyat.events.catalogue import AppointmentEvent
from niyat.notifications.commands.claim import LEASE_SECONDS
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.commands.queue_code import queue_code
from niyat.notifications.commands.register_device import register_device
from niyat.notifications.commands.send import send_by_hand
from niyat.notifications.domain import DevicePlatform, NotificationChannel, NotificationType
from niyat.notifications.sealing import Code
from tests.support.notification_process import push_over
from tests.support.notifications import World
from tests.support.notifications_visits import Visit, cancelled, confirmed, paid, rescheduled
from tests.support.sandbox import PushProject

LEASE = timedelta(seconds=LEASE_SECONDS)


async def killed_at(
    world: World, point: str, visit: Visit | None = None, project: PushProject | None = None
) -> None:
    """Deliver in a process of its own, which dies at `point`."""
    view = world.appointments.known[visit.appointment_id].model_dump_json() if visit else "null"
    account = world.accounts.known[visit.patient_id].model_dump_json() if visit else "null"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.notification_process"),
        world.databases.url("notifications"),
        str(world.sandbox.smtp_address[1]),
        *(world.sandbox.twilio_url, world.phone.sid, world.phone.auth_token, view, account),
        json.dumps(asdict(project)) if project else "null",
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
    await world.move(LEASE)
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
    await world.move(LEASE)
    assert await world.deliver() == 1
    assert len(await world.sandbox.texts(number)) == 1
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["sealed"]) == ("sent", None)


async def _by_hand(world: World, visit: Visit, channel: NotificationChannel) -> UUID:
    """The visit is confirmed on this channel alone."""
    return await world.db.run(
        send_by_hand,
        NotificationType.APPOINTMENT_CONFIRMED,
        channel,
        account_id=visit.patient_id,
        appointment_id=visit.appointment_id,
        actor_id=uuid4(),
        reason="they asked",
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("point", "before"),
    [
        ("notifications:claimed", 0),
        ("notifications:checked", 0),
        ("notifications:sent", 1),
        ("notifications:marked", 1),
    ],
)
async def test_a_text_message_about_a_visit_arrives_once_wherever_its_sender_dies(
    world: World, point: str, before: int
) -> None:
    visit = await world.visit()
    await _by_hand(world, visit, NotificationChannel.SMS)
    await killed_at(world, point, visit)
    await world.deliver()
    assert len(await world.sandbox.texts(visit.phone)) == before
    await world.move(LEASE)
    await world.deliver()
    assert len(await world.sandbox.texts(visit.phone)) == 1
    assert await world.states(visit) == {"APPOINTMENT_CONFIRMED": ["sent"]}


@pytest.mark.parametrize(
    ("point", "pushes"),
    [
        pytest.param("notifications:claimed", 1, marks=pytest.mark.long),
        pytest.param("notifications:checked", 1, marks=pytest.mark.long),
        ("notifications:sent", 2),  # a device that has shown it replaces it by the second
        pytest.param("notifications:marked", 1, marks=pytest.mark.long),
    ],
)
async def test_a_push_message_survives_its_senders_death_with_one_message_id(
    world: World, point: str, pushes: int
) -> None:
    visit, device = await world.visit(), secrets.token_hex(16)
    await world.db.run(register_device, visit.patient_id, device, DevicePlatform.ANDROID)
    notification_id = await _by_hand(world, visit, NotificationChannel.PUSH)
    project = await world.sandbox.register_push()
    await killed_at(world, point, visit, project)
    push = push_over(project)
    try:
        parts = replace(world.parts, push=push)
        await deliver_due(parts)
        assert len(await world.sandbox.pushes(device)) == (
            point in {"notifications:sent", "notifications:marked"}
        )
        await world.move(LEASE)
        await deliver_due(parts)
    finally:
        await push.close()
    arrived = await world.sandbox.pushes(device)
    assert [one["data"]["message_id"] for one in arrived] == [str(notification_id)] * pushes
    assert await world.states(visit) == {"APPOINTMENT_CONFIRMED": ["sent"]}


@pytest.mark.parametrize(
    ("point", "change"),
    [
        pytest.param("notifications:claimed", "cancelled", marks=pytest.mark.long),
        ("notifications:checked", "cancelled"),
        pytest.param("notifications:claimed", "moved", marks=pytest.mark.long),
        pytest.param("notifications:checked", "moved", marks=pytest.mark.long),
    ],
)
async def test_what_a_dead_sender_had_checked_is_never_sent_when_the_visit_changed_before_the_next_one_asks(
    world: World, point: str, change: str
) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    await killed_at(world, point, visit)
    news = _changed(world, visit, change)
    await world.deliver()  # its event is still under way, and the dead sender's lease runs
    await world.events(news)
    await world.deliver()
    await world.move(LEASE)
    for _ in range(2):  # the news may have waited for what might have been under way before it
        await world.deliver()
        await world.move(timedelta(minutes=2))
    states = await world.states(visit)
    kind = "APPOINTMENT_CANCELLED" if change == "cancelled" else "APPOINTMENT_RESCHEDULED"
    assert (states["APPOINTMENT_CONFIRMED"], states[kind]) == (["suppressed"], ["sent"])
    (subject,) = await world.subjects(visit)
    assert subject.startswith("Cancelled:" if change == "cancelled" else "Moved:")


@pytest.mark.long
@pytest.mark.parametrize("change", ["cancelled", "moved"])
async def test_what_a_dead_sender_had_sent_is_not_sent_again_when_the_visit_has_changed(
    world: World, change: str
) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    await killed_at(world, "notifications:sent", visit)
    await world.events(_changed(world, visit, change))
    await world.move(LEASE)
    for _ in range(2):
        await world.deliver()
        await world.move(timedelta(minutes=2))
    told = await world.subjects(visit)
    assert [subject.split(":")[0] for subject in told] == [
        "Confirmed",
        "Cancelled" if change == "cancelled" else "Moved",
    ]


def _changed(world: World, visit: Visit, change: str) -> AppointmentEvent:
    """Appointments says so from now on; the event that will follow."""
    if change == "cancelled":
        world.appointments.change(visit.appointment_id, status="cancelled")
        return cancelled(visit)
    later = visit.starts_at + timedelta(days=1)
    world.appointments.change(
        visit.appointment_id, revision=1, starts_at=later, ends_at=later + timedelta(minutes=30)
    )
    return rescheduled(visit, later, 1)
