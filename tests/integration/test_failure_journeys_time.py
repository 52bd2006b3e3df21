"""Rows of docs/failure-modes.md that are about clocks and calendars, on the whole system; it ends in the audit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from tests.support.events import eventually
from tests.support.journeys import PRICE, books_say, order_of, paid_visit
from tests.support.moments import changes_of
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox
from tests.support.system import Caller, System, running_system

FAR_EAST = ZoneInfo("Pacific/Kiritimati")  # fourteen hours ahead: hardly ever the clinic's day
INDIA = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")
HALF_HOURS = [time(hour, minute) for hour in range(6) for minute in (0, 30)]
A_DAY = timedelta(days=1)


@contextmanager
def machine(*, wrong_by: timedelta) -> Iterator[None]:
    """This process's own clock is wrong, and somebody set its time zone to the other end of the world.

    The databases and the sandbox are processes of their own and know nothing of it.
    """
    with time_machine.travel(datetime.now(FAR_EAST) + wrong_by, tick=True):
        assert datetime.now().astimezone().utcoffset() == timedelta(hours=14)  # what naive code would see
        yield


@pytest.mark.failure_row(45, 47)
@pytest.mark.parametrize("wrong_by", [timedelta(minutes=10), -timedelta(minutes=10)], ids=["ahead", "behind"])
async def test_a_process_whose_clock_is_wrong_gives_takes_money_for_and_ends_holds_on_time(
    databases: Databases, moving_sandbox: Sandbox, wrong_by: timedelta
) -> None:
    with machine(wrong_by=wrong_by):
        async with running_system(databases, moving_sandbox) as system:
            off = system.niyat.clock.now() - await system.clock.now()
            assert abs(off - wrong_by) < timedelta(minutes=1)
            slots = await system.slots(await system.doctor(fee_amount=PRICE))
            patient = await system.patient()
            before = await system.clock.now()
            paying, idling = await system.book(patient, slots[0]), await system.book(patient, slots[1])
            given = _instant(paying["appointment"]["hold_expires_at"])
            assert timedelta(minutes=5) <= given - before
            assert given <= await system.clock.now() + timedelta(minutes=5)

            await system.sandbox.pay(order_of(paying))
            await system.becomes(patient, paying, "confirmed")
            ends_at = _instant(idling["appointment"]["hold_expires_at"])
            await system.clock.move_to(ends_at - timedelta(minutes=1))
            assert (await system.appointment(patient, idling))["status"] == "pending-payment"
            await system.clock.move_to(ends_at)
            await system.becomes(patient, idling, "expired")
            await books_say(system, captured=PRICE, refunded=0, captures=1)


@pytest.mark.failure_row(46)
@pytest.mark.parametrize("which", [0, 1])  # one is in spring, one in autumn
async def test_around_a_change_of_the_clocks_each_local_time_is_sold_once_and_stays_the_instant_it_was(
    databases: Databases, own_sandbox: Sandbox, which: int
) -> None:
    async with running_system(databases, own_sandbox) as system:
        change = changes_of(NEW_YORK.key, await system.clock.now() + 5 * A_DAY)[which]
        await system.clock.move_to(change - 3 * A_DAY)
        system.admin = await system.sign_in(email=system.admin.account["email"])
        doctor = await _open_at_night(system)
        day = change.astimezone(NEW_YORK).date()
        slots = await _slots_of(system, doctor, day - A_DAY, day + A_DAY)
        offered = {slot["local_start"][:16]: _starts_at(slot) for slot in slots}
        assert offered == _offer([day - A_DAY, day, day + A_DAY])
        last = max((slot for slot in slots if _starts_at(slot) < change), key=_starts_at)
        first = min((slot for slot in slots if _starts_at(slot) >= change), key=_starts_at)
        patient = await system.patient()
        for slot in (last, first):
            booking = await paid_visit(system, patient, slot)
            found = await system.appointment(patient, booking)
            assert (found["starts_at"], found["time_zone"]) == (slot["starts_at"], NEW_YORK.key)
            assert _instant(found["ends_at"]) - _starts_at(found) == timedelta(minutes=30)
        left = await _slots_of(system, doctor, day, day)
        assert {last["slot_id"], first["slot_id"]}.isdisjoint(slot["slot_id"] for slot in left)
        await _is_reminded_an_hour_before(system, patient, _starts_at(first))


async def _is_reminded_an_hour_before(system: System, patient: Caller, starts_at: datetime) -> None:
    """An hour that passes, whatever the clocks on the wall did in it."""

    async def reminders() -> int:
        await system.settle()
        mails = await system.sandbox.mails(patient.account["email"])
        return sum(mail["subject"].startswith("Reminder:") for mail in mails)

    await system.clock.move_to(starts_at - timedelta(minutes=75))
    already = await reminders()
    await system.clock.move_to(starts_at - timedelta(minutes=58))

    async def one_more() -> bool:
        return await reminders() == already + 1

    await eventually(
        one_more
    )  # after days in one leap, a service may take some seconds to hear of a new signing key


async def _open_at_night(system: System) -> Json:
    """A doctor whose clocks change, and who works while they do."""
    doctor = await system.doctor(time_zone=NEW_YORK.key, fee_amount=PRICE)
    hours = [{"weekday": day, "start_time": "00:00", "end_time": "06:00"} for day in range(1, 8)]
    wish = {"doctor_id": doctor["doctor_id"], "hours": hours, "reason": "A test needs it"}
    await system.admin.call("POST", "/api/v1/availability/weekly", wish)
    return doctor


def _offer(days: list[date]) -> dict[str, datetime]:
    """By Python's own time zones: a local time that is missing is not offered, one that comes twice the second time."""
    offer = {}
    for local in (datetime.combine(day, at) for day in days for at in HALF_HOURS):
        second = local.replace(tzinfo=NEW_YORK, fold=1).astimezone(UTC)
        if second.astimezone(NEW_YORK).replace(tzinfo=None) == local:
            offer[local.isoformat(timespec="minutes")] = second
    return offer


@pytest.mark.failure_row(47)
async def test_a_day_is_the_clinics_day_and_an_instant_is_the_same_for_the_gateway_and_for_us(
    databases: Databases, moving_sandbox: Sandbox
) -> None:
    with machine(wrong_by=timedelta()):
        async with running_system(databases, moving_sandbox) as system:
            doctor = await system.doctor(fee_amount=PRICE)
            nights = [{"weekday": day, "start_time": "00:00", "end_time": "02:00"} for day in range(1, 8)]
            wish = {"doctor_id": doctor["doctor_id"], "hours": nights, "reason": "A test needs it"}
            await system.admin.call("POST", "/api/v1/availability/weekly", wish)
            midnight = _midnight_after(await system.clock.now() + timedelta(hours=1))
            day = midnight.astimezone(INDIA).date()
            slots = await _slots_of(system, doctor, day + 2 * A_DAY, day + 2 * A_DAY)
            assert [_starts_at(s) - midnight for s in slots] == [
                2 * A_DAY + timedelta(minutes=30 * n) for n in range(4)
            ]

            for slot, after, booked_on in (
                (slots[0], -timedelta(minutes=9), day - A_DAY),
                (slots[1], timedelta(minutes=1), day),  # where UTC has the day before still
            ):
                await system.clock.move_to(midnight + after)
                patient = await system.patient()
                admin = await system.sign_in(email=system.admin.account["email"])
                booking = await paid_visit(system, patient, slot)
                path = f"/api/v1/payments/{booking['payment']['payment_id']}"
                receipt = await patient.call("GET", f"{path}/receipt")
                assert _instant(receipt["happened_at"]).astimezone(INDIA).date() == booked_on
                entries = await admin.call(
                    "GET",
                    "/api/v1/ledger/entries",
                    params={"appointment_id": booking["appointment"]["appointment_id"]},
                )
                assert {entry["booked_on"] for entry in entries["items"]} == {str(booked_on)}

            respond_seconds = 3 * 86_400
            gone = await system.sandbox.dispute(
                receipt["gateway_payment_id"], respond_seconds=respond_seconds
            )
            await system.settle()
            (dispute,) = (await admin.call("GET", "/api/v1/payments/disputes"))["items"]
            assert _instant(dispute["respond_by"]).timestamp() == gone["respond_by"]


def _midnight_after(moment: datetime) -> datetime:
    """Of India."""
    tomorrow = moment.astimezone(INDIA).date() + A_DAY
    return datetime.combine(tomorrow, time(), INDIA).astimezone(UTC)


async def _slots_of(system: System, doctor: Json, first: date, last: date) -> list[Json]:
    """The doctor's free slots of those days, which are days of the doctor's zone."""
    path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/slots"
    found = await system.nobody.call("GET", path, params={"from": str(first), "to": str(last)})
    slots: list[Json] = found["items"]
    return slots


def _starts_at(slot: Json) -> datetime:
    return _instant(slot["starts_at"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
