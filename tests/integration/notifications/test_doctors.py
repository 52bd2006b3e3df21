"""A doctor hears of the day's visits in the morning, and of what others changed; never whose visits they are."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.local_time import local_time
from niyat.notifications.doctors import LIST_AT, list_of
from niyat.notifications.ports import Account, DoctorDay
from tests.support.notifications import World
from tests.support.notifications_visits import Visit, cancelled, confirmed, paid, rescheduled

ZONE = ZoneInfo("Asia/Kolkata")


async def doctors_visit(world: World, starts_in: timedelta) -> Visit:
    """A confirmed visit whose doctor has an account with a mail address."""
    visit = await world.visit(starts_in=starts_in)
    world.appointments.doctors[visit.doctor_id] = visit.doctor_account_id
    world.accounts.known[visit.doctor_account_id] = Account(
        account_id=visit.doctor_account_id, name="Meera", email=f"{uuid4().hex}@doctor.example"
    )
    return visit


async def doctors_mails(world: World, visit: Visit) -> list[dict[str, str]]:
    email = world.accounts.known[visit.doctor_account_id].email
    assert email
    return list(reversed(await world.sandbox.mails(email)))


async def until_the_list(world: World, visit: Visit) -> None:
    """Move the clock on to just after the list with this visit is due."""
    _, due_at, _ = list_of(visit.starts_at, "Asia/Kolkata")
    await world.move(due_at - await world.now() + timedelta(seconds=1))


async def test_a_doctor_gets_one_list_a_day_with_what_stands_by_then(world: World) -> None:
    first = await doctors_visit(world, timedelta(days=3))
    second, off = await world.visit(), await world.visit()
    _, starts_at, ends_at = list_of(first.starts_at, "Asia/Kolkata")
    at = first.starts_at + timedelta(minutes=1)
    for each in (second, off):
        world.appointments.change(
            each.appointment_id,
            doctor_account_id=first.doctor_account_id,
            starts_at=at if at < ends_at else first.starts_at - timedelta(minutes=1),
        )
    same = {"doctor_id": first.doctor_id, "doctor_account_id": first.doctor_account_id}
    times = {"starts_at": first.starts_at, "ends_at": first.starts_at + timedelta(minutes=30)}
    for each in (first, second, off):
        await world.events(confirmed(each, **same | times))
    assert len(await world.queue(type="DOCTOR_DAILY_LIST")) == 1
    world.appointments.change(off.appointment_id, status="cancelled")
    await until_the_list(world, first)
    await world.deliver()
    mails = [each for each in await doctors_mails(world, first) if each["subject"].startswith("Your visits")]
    assert [each["subject"].rpartition(": ")[2] for each in mails] == ["2"]
    text = mails[0]["text"]
    for said in (first.starts_at, world.appointments.known[second.appointment_id].starts_at):
        assert f"{said.astimezone(ZONE):%H:%M} IST" in text
    assert "Asha" not in text
    assert f"{starts_at.astimezone(ZONE):%H:%M}" in text


async def test_a_day_that_emptied_has_no_list(world: World) -> None:
    visit = await doctors_visit(world, timedelta(days=3))
    await world.events(confirmed(visit, doctor_account_id=visit.doctor_account_id))
    world.appointments.change(visit.appointment_id, status="cancelled")
    await until_the_list(world, visit)
    await world.deliver()
    (row,) = await world.queue(type="DOCTOR_DAILY_LIST")
    assert (row["status"], row["last_error"]) == ("suppressed", "no-visits")


async def test_a_list_waits_while_appointments_cannot_be_asked(world: World) -> None:
    visit = await doctors_visit(world, timedelta(days=3))
    await world.events(confirmed(visit, doctor_account_id=visit.doctor_account_id))
    await until_the_list(world, visit)
    world.appointments.reachable = False
    await world.deliver()
    assert await doctors_mails(world, visit) == []
    world.appointments.reachable = True
    await world.move(timedelta(minutes=2))
    await world.deliver()
    assert len(await doctors_mails(world, visit)) == 1


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Pacific/Apia", "Europe/London"])
@pytest.mark.parametrize("hour", [0, 6, 7, 12, 23])
def test_every_visit_is_on_the_list_that_goes_out_before_it(zone: str, hour: int) -> None:
    for month in (3, 11):  # around the days that the clocks change
        for day in range(1, 29):
            visit = datetime(2026, month, day, hour, 0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
            _, starts_at, ends_at = list_of(visit, zone)
            assert starts_at <= visit < ends_at
            assert starts_at.astimezone(ZoneInfo(zone)).time() == LIST_AT == time(7, 0)


async def test_a_doctor_is_told_of_what_others_changed_and_not_of_their_own_changes(world: World) -> None:
    visit = await doctors_visit(world, timedelta(days=3))
    later = visit.starts_at + timedelta(hours=5)
    theirs = {"doctor_account_id": visit.doctor_account_id}
    world.appointments.change(visit.appointment_id, revision=1, starts_at=later)
    await world.events(rescheduled(visit, later, 1).model_copy(update=theirs))
    assert await world.queue(type="SCHEDULE_CHANGED") == []  # the doctor moved it
    by_patient = {"rescheduled_by": "patient"} | theirs
    world.appointments.change(visit.appointment_id, revision=2, starts_at=visit.starts_at)
    await world.events(rescheduled(visit, visit.starts_at, 2, before=later).model_copy(update=by_patient))
    await world.deliver()
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(cancelled(visit, revision=2, **theirs))
    await world.deliver()
    moved, off = await doctors_mails(world, visit)
    assert moved["subject"] == f"Moved: {local_time(visit.starts_at, 'Asia/Kolkata')}"
    assert local_time(later, "Asia/Kolkata") in moved["text"]
    assert off["subject"] == f"Cancelled: {local_time(visit.starts_at, 'Asia/Kolkata')}"
    assert "Asha" not in moved["text"] + off["text"]


async def test_somebody_elses_doctor_is_told_nothing(world: World) -> None:
    visit = await doctors_visit(world, timedelta(days=3))
    world.appointments.change(visit.appointment_id, status="cancelled", doctor_account_id=uuid4())
    await world.events(cancelled(visit, doctor_account_id=visit.doctor_account_id))
    await world.deliver()
    (row,) = await world.queue(type="SCHEDULE_CHANGED")
    assert (row["status"], row["last_error"]) == ("suppressed", "not-theirs")


async def test_a_list_that_nobody_can_say_or_read_holds_up_no_other_message(world: World) -> None:
    silent, garbled, well = [await doctors_visit(world, timedelta(days=3)) for _ in range(3)]
    times = {"starts_at": well.starts_at, "ends_at": well.starts_at + timedelta(minutes=30)}
    for each in (silent, garbled, well):
        await world.events(confirmed(each, doctor_account_id=each.doctor_account_id, **times))
    await world.deliver()
    known = world.appointments.day_of

    async def day_of(doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> DoctorDay:
        if doctor_id == silent.doctor_id:
            raise ServiceUnavailable
        if doctor_id == garbled.doctor_id:
            return DoctorDay.model_validate({"doctor_id": "?"})
        return await known(doctor_id, starts_at, ends_at)

    world.appointments.day_of = day_of  # type: ignore[method-assign]
    await until_the_list(world, well)
    await world.events(paid(well))
    await world.deliver()
    assert (await world.states(well))["PAYMENT_RECEIPT"] == ["sent"]
    assert [each["subject"][:11] for each in await doctors_mails(world, well)] == ["Your visits"]
    lists = {row["account_id"]: row for row in await world.queue(type="DOCTOR_DAILY_LIST")}
    for each, became in (
        (silent, ("queued", "cannot-be-checked")),
        (garbled, ("failed", "list-unreadable")),
        (well, ("sent", None)),
    ):
        row = lists[each.doctor_account_id]
        assert (row["status"], row["last_error"]) == became


async def test_a_cancellation_names_the_time_that_is_known_where_a_move_was_not_told(world: World) -> None:
    """Two moves that nobody heard of, then the end: doctor and patient know the first time alone."""
    visit = await doctors_visit(world, timedelta(days=3))
    first, second, third = (visit.starts_at + timedelta(hours=hours) for hours in (0, 5, 10))
    theirs = {"doctor_account_id": visit.doctor_account_id}
    by_patient = {"rescheduled_by": "patient"} | theirs
    await world.events(rescheduled(visit, second, 1).model_copy(update=by_patient))
    await world.events(rescheduled(visit, third, 2, before=second).model_copy(update=by_patient))
    at = {"starts_at": third, "ends_at": third + timedelta(minutes=30)}
    world.appointments.change(visit.appointment_id, status="cancelled", revision=2, **at)
    await world.events(cancelled(visit, revision=2, **at, **theirs))
    await world.deliver()
    (doctors,) = await doctors_mails(world, visit)
    for mail in (doctors, await world.only_mail(visit)):
        for said in (first, third):
            assert local_time(said, "Asia/Kolkata") in mail["text"]
        assert local_time(second, "Asia/Kolkata") not in mail["text"]
