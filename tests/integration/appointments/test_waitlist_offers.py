"""Time that comes free goes to the first in line whom it suits, for a while, and then to the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from niyat.appointments.commands.release import release
from niyat.kernel.ids import new_id
from tests.integration.appointments.lines import API, cancel, entry_of, free, join, pay, statuses, taken, told
from tests.integration.appointments.world import Json, Person, World, appointments
from tests.support.postgres import Databases

HALF_AN_HOUR = timedelta(minutes=30)


async def a_line(world: World, length: int = 2, **doctor: Any) -> tuple[Json, Person, Json, list[Person]]:
    """A doctor, somebody who has a slot, that slot's appointment, and others in line."""
    made, _ = await world.doctor(**doctor)
    holder, held = await taken(world, made)
    line = [world.patient() for _ in range(length)]
    for who in line:
        await join(who, made)
    return made, holder, held, line


async def test_a_cancelled_slot_is_kept_for_the_first_in_line_and_shown_to_nobody_else(world: World) -> None:
    doctor, holder, held, (first, second) = await a_line(world)
    await cancel(holder, held)
    entry = await entry_of(first)
    assert (entry["status"], entry["ahead"]) == ("offered", None)
    offer = entry["offer"]
    assert (offer["starts_at"], offer["amount"], offer["currency"]) == (held["starts_at"], 50_000, "INR")
    stands = datetime.fromisoformat(offer["hold_expires_at"]) - await world.now()
    assert timedelta(minutes=29) < stands <= HALF_AN_HOUR
    assert (await entry_of(second))["ahead"] == 0
    assert not await free(world, doctor, held["starts_at"])
    wish = {"slot_id": held["slot_id"], "consultation_type": "VIDEO"}
    refused = await world.patient().ask("POST", "/api/v1/appointments/reserve", wish)
    assert (refused.status_code, refused.json()["code"]) == (409, "slot-taken")
    appointment = await world.get(offer)
    assert (appointment["patient_id"], appointment["status"]) == (str(first.id), "reserved")
    assert appointment["waitlist_entry_id"] == entry["waitlist_entry_id"]
    assert await told(world, entry) == ["WAITLIST_OFFERED"]


async def test_an_unanswered_offer_passes_on_and_whoever_let_it_lapse_goes_to_the_end(world: World) -> None:
    doctor, holder, held, (first, second, third) = await a_line(world, 3)
    await cancel(holder, held)
    await world.move(minutes=31)
    await world.expire()
    assert await statuses(first, second, third) == ["waiting", "offered", "waiting"]
    lapsed = await entry_of(first)
    assert (lapsed["lapses"], lapsed["ahead"]) == (1, 1)
    assert await told(world, lapsed) == ["WAITLIST_OFFERED", "WAITLIST_OFFER_LAPSED"]
    for _ in range(2):
        await world.move(minutes=31)
        await world.expire()
    # Everybody has let it go by: it is anybody's, and nobody in line hears of it again.
    assert await statuses(first, second, third) == ["waiting"] * 3
    assert await free(world, doctor, held["starts_at"])


async def test_after_three_unanswered_offers_the_wait_is_over(world: World) -> None:
    doctor, *_, (waiting,) = await a_line(world, 1)
    for days_ahead in (4, 5, 6):
        assert await statuses(waiting) == ["waiting"]
        await cancel(*await taken(world, doctor, days_ahead=days_ahead))
        await world.move(minutes=31)
        await world.expire()
    entry = await entry_of(waiting)
    assert (entry["status"], entry["closed_because"], entry["lapses"]) == ("closed", "offers-lapsed", 3)
    await join(waiting, doctor)


async def test_paying_for_an_offer_books_it(world: World) -> None:
    _, holder, held, (first, _) = await a_line(world)
    await cancel(holder, held)
    assert await pay(world, await entry_of(first)) == "secured"
    entry = await entry_of(first)
    assert (entry["status"], entry["offer"]) == ("booked", None)
    assert (await world.get(entry))["status"] == "confirmed"


async def test_a_free_offer_is_taken_by_confirming_it(world: World) -> None:
    _, holder, held, (first, _) = await a_line(world, fee_amount=0)
    await cancel(holder, held)
    offer = (await entry_of(first))["offer"]
    await first.call("POST", f"/api/v1/appointments/{offer['appointment_id']}/confirm")
    assert await statuses(first) == ["booked"]


async def test_whoever_declines_keeps_their_place_and_is_not_asked_again(world: World) -> None:
    _, holder, held, (first, second) = await a_line(world)
    await cancel(holder, held)
    await cancel(first, (await entry_of(first))["offer"])
    assert await statuses(first, second) == ["waiting", "offered"]
    assert ((await entry_of(first))["ahead"], (await entry_of(first))["lapses"]) == (0, 0)
    await cancel(second, (await entry_of(second))["offer"])
    assert await statuses(first, second) == ["waiting", "waiting"]


async def test_whoever_gives_up_a_time_is_not_offered_it_though_they_wait(world: World) -> None:
    doctor, _ = await world.doctor()
    holder, held = await taken(world, doctor)
    waiting = world.patient()
    await join(holder, doctor)
    await join(waiting, doctor)
    await cancel(holder, held)
    assert await statuses(holder, waiting) == ["waiting", "offered"]


async def test_an_ordinary_hold_that_lapses_and_a_payment_that_is_released_free_time_for_the_line(
    world: World,
) -> None:
    doctor, _, _, (waiting,) = await a_line(world, 1)
    await world.move(minutes=6)
    await world.expire()
    assert await statuses(waiting) == ["offered"]
    await cancel(waiting, (await entry_of(waiting))["offer"])

    payment = new_id()
    holder, held = await taken(world, doctor, days_ahead=5)
    await world.internal(held, "payment-started", {"account_id": str(holder.id)})
    assert await world.secure(held, payment) == "secured"
    await world.move(minutes=6)
    await world.db.run(release, UUID(held["appointment_id"]), payment_id=payment, securing=world.securing)
    assert (await entry_of(waiting))["offer"]["starts_at"] == held["starts_at"]


async def test_a_payment_that_is_secured_keeps_the_offer_beyond_its_end(world: World) -> None:
    _, holder, held, (first, second) = await a_line(world)
    await cancel(holder, held)
    entry = await entry_of(first)
    payment = new_id()
    assert await world.secure(entry["offer"], payment) == "secured"
    await world.move(minutes=31)
    await world.expire()
    assert await statuses(first, second) == ["offered", "waiting"]
    await world.captured(entry["offer"], payment)
    assert await statuses(first) == ["booked"]


async def test_money_that_comes_late_for_a_lapsed_offer_books_it_only_if_nobody_has_the_time(
    world: World,
) -> None:
    _, holder, held, (first,) = await a_line(world, 1)
    await cancel(holder, held)
    entry = await entry_of(first)
    await world.internal(entry["offer"], "payment-started", {"account_id": str(first.id)})
    await world.move(minutes=31)
    await world.expire()
    assert await statuses(first) == ["waiting"]
    assert await pay(world, entry) == "secured"
    assert await statuses(first) == ["booked"]


async def test_money_that_comes_late_for_an_offer_that_passed_on_finds_the_time_gone(world: World) -> None:
    _, holder, held, (first, second) = await a_line(world)
    await cancel(holder, held)
    entry = await entry_of(first)
    await world.internal(entry["offer"], "payment-started", {"account_id": str(first.id)})
    await world.move(minutes=31)
    await world.expire()
    assert await pay(world, entry) == "gone"
    assert await statuses(first, second) == ["waiting", "offered"]


WISHES: list[tuple[dict[str, Any], bool]] = [
    ({"consultation_type": "IN_PERSON"}, True),
    ({"from_time": "00:00", "to_time": "01:00"}, True),
    ({"from_time": "00:01"}, False),
    ({"to_time": "00:59"}, False),
    ({"to_time": "24:00"}, True),
    ({"earliest_day": 3, "latest_day": 3}, True),
    ({"latest_day": 2}, False),
    ({"earliest_day": 4}, False),
]
"""What somebody wishes (days from today), and whether the hour from midnight in three days suits."""


async def test_an_offer_suits_the_wish_of_whoever_gets_it(world: World) -> None:
    for wish, suits in WISHES:
        doctor, _ = await world.doctor()
        today = (await world.now()).date()
        midnight = f"{today + timedelta(days=3)}T00:00:00Z"
        holder = world.patient()
        slot = next(slot for slot in await world.slots(doctor) if slot["starts_at"] == midnight)
        held = await world.reserve(holder, slot)
        days = {
            name: str(today + timedelta(days=value)) for name, value in wish.items() if isinstance(value, int)
        }
        choosy, any_time = world.patient(), world.patient()
        await join(choosy, doctor, **wish | days)
        await join(any_time, doctor)
        await cancel(holder, held)
        expected = ["offered", "waiting"] if suits else ["waiting", "offered"]
        assert await statuses(choosy, any_time) == expected, wish


async def test_days_and_times_of_a_wish_are_the_doctors_own(world: World) -> None:
    doctor, _ = await world.doctor(time_zone="Asia/Kolkata")
    today = (await world.now()).date()
    slots = await world.slots(doctor, **{"from": str(today + timedelta(days=3))})
    holder, waiting = world.patient(), world.patient()
    held = await world.reserve(holder, slots[9])
    assert slots[9]["local_start"] == f"{today + timedelta(days=3)}T09:00:00+05:30"
    day = str(today + timedelta(days=3))
    await join(waiting, doctor, from_time="09:00", to_time="10:00", earliest_day=day, latest_day=day)
    await cancel(holder, held)
    assert await statuses(waiting) == ["offered"]


async def test_the_offered_visit_is_of_the_type_wished_else_as_it_was_before(world: World) -> None:
    doctor, holder, held, (any_type,) = await a_line(world, 1)
    await cancel(holder, held)
    assert (await entry_of(any_type))["offer"]["consultation_type"] == "VIDEO"
    in_person = world.patient()
    await join(in_person, doctor, consultation_type="IN_PERSON")
    await cancel(any_type, (await entry_of(any_type))["offer"])
    assert (await entry_of(in_person))["offer"]["consultation_type"] == "IN_PERSON"


async def test_an_offer_ends_before_its_slot_is_too_soon_and_what_is_too_soon_is_not_offered(
    world: World,
) -> None:
    doctor, _ = await world.doctor(minimum_notice_minutes=60)
    start = datetime.fromisoformat((await world.slot(doctor))["starts_at"])
    early, late = await taken(world, doctor), await taken(world, doctor)
    for _, held in (early, late):
        await world.secure(held, payment := new_id())
        await world.captured(held, payment)
    waiting = world.patient()
    await join(waiting, doctor)
    await world.move_to(start - timedelta(minutes=75))
    await cancel(*early)
    offer = (await entry_of(waiting))["offer"]
    assert datetime.fromisoformat(offer["hold_expires_at"]) == start - timedelta(minutes=60)
    await cancel(waiting, offer)
    await world.move_to(start + timedelta(minutes=60) - timedelta(minutes=65))
    await cancel(*late)
    assert await statuses(waiting) == ["waiting"]


async def test_how_long_an_offer_stands_is_a_setting(databases: Databases) -> None:
    async with appointments(databases, offer_seconds=7200) as world:
        _, holder, held, (first,) = await a_line(world, 1)
        await cancel(holder, held)
        entry = await entry_of(first)
        stands = datetime.fromisoformat(entry["offer"]["hold_expires_at"]) - await world.now()
        assert timedelta(minutes=119) < stands <= timedelta(hours=2)
        assert entry["offer_seconds"] == 7200


async def test_nobody_is_offered_two_times_at_once(world: World) -> None:
    doctor, holder, held, (only,) = await a_line(world, 1)
    other = await taken(world, doctor, days_ahead=5)
    await cancel(holder, held)
    await cancel(*other)
    assert (await entry_of(only))["offer"]["starts_at"] == held["starts_at"]
    assert await free(world, doctor, other[1]["starts_at"])


async def test_hours_that_are_added_are_offered_to_the_line(world: World) -> None:
    morning = [{"weekday": day, "start_time": "08:00", "end_time": "09:00"} for day in range(1, 8)]
    doctor, me = await world.doctor(hours=morning)
    first, second = world.patient(), world.patient()
    for who in (first, second):
        await join(who, doctor, from_time="14:00")
    longer = [{**window, "end_time": "15:00"} for window in morning]
    await me.call("POST", "/api/v1/availability/weekly", {"doctor_id": doctor["doctor_id"], "hours": longer})
    offers = [(await entry_of(who))["offer"]["starts_at"] for who in (first, second)]
    assert [offer[11:16] for offer in offers] == ["14:00", "14:00"]
    assert offers == sorted(set(offers))


async def test_what_is_on_offer_can_be_left_with_the_line(world: World) -> None:
    _, holder, held, (first, second) = await a_line(world)
    await cancel(holder, held)
    entry = await entry_of(first)
    left = await first.call("DELETE", f"{API}/{entry['waitlist_entry_id']}")
    assert (left["status"], left["appointment_id"]) == ("left", None)
    assert (await world.get(entry["offer"]))["status"] == "cancelled"
    assert await statuses(first, second) == ["left", "offered"]
