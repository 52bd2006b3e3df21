"""A job keeps the coming year's national holidays filled in."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from niyat.appointments import national_holidays
from niyat.appointments.commands.fill_holidays import fill_all_holidays
from niyat.appointments.errors import HolidayCalendarNotFound
from tests.integration.appointments.test_change_holidays import clinic_of
from tests.integration.appointments.world import WHY, Json, World, together

DAYS = "SELECT day, name, source, observed FROM clinic_holidays ORDER BY day"


async def kept(world: World) -> Json:
    """A doctor of a clinic that keeps Germany's holidays."""
    doctor, _ = await world.doctor()
    await world.admin.call("PUT", f"{clinic_of(doctor)}/holiday-calendar", {"country": "DE", "reason": WHY})
    return doctor


async def test_a_year_later_the_next_year_is_there(world: World) -> None:
    await kept(world)
    await world.move(days=200)
    assert await fill_all_holidays(world.db) > 0
    await world.replan()
    last = await world.db.fetchval("SELECT max(day) FROM clinic_holidays")
    assert last > (await world.now()).date() + timedelta(days=330)


async def test_filling_again_and_two_at_once_change_nothing(world: World) -> None:
    await kept(world)
    before = await world.db.fetch(DAYS)
    await world.move(days=1)
    await together(*[fill_all_holidays(world.db) for _ in range(4)])
    after = await world.db.fetch(DAYS)
    assert after[: len(before)] == before
    assert await fill_all_holidays(world.db) == 0
    await world.replan()


async def two_working_days(world: World) -> tuple[date, date]:
    """One after the other, in some days, and neither of them a holiday."""
    days = {row["day"] for row in await world.db.fetch(DAYS)}
    ahead = [(await world.now()).date() + timedelta(days=n) for n in range(10, 60)]
    return next((one, other) for one, other in pairwise(ahead) if not {one, other} & days)


async def test_what_the_calendar_moves_is_moved_and_the_clinics_own_day_stays(world: World) -> None:
    doctor = await kept(world)
    own, wrong = await two_working_days(world)
    await world.admin.call(
        "POST", f"{clinic_of(doctor)}/holidays", {"day": str(own), "name": "Ours", "reason": WHY}
    )
    await world.db.execute(
        "INSERT INTO clinic_holidays (clinic_id, day, name, source) VALUES ($1, $2, 'Was announced', 'national')",
        UUID(doctor["clinic_id"]),
        wrong,
    )
    assert await fill_all_holidays(world.db) == 1
    days = [row["day"] for row in await world.db.fetch(DAYS)]
    assert own in days
    assert wrong not in days
    # The doctors are planned anew, for the day is open again.
    assert await world.db.fetchval("SELECT count(*) FROM clinic_replans") == 1
    await world.replan()


async def test_a_country_that_is_no_longer_known_keeps_its_days_and_holds_up_nobody(world: World) -> None:
    doctor = await kept(world)
    await world.db.execute("UPDATE holiday_calendars SET country = 'ZZ'")
    other = await kept(world)
    await world.db.execute("DELETE FROM clinic_holidays WHERE clinic_id = $1", UUID(other["clinic_id"]))
    before = await world.db.fetchval("SELECT count(*) FROM clinic_holidays")
    assert await fill_all_holidays(world.db) > 0
    of_doctor = "SELECT count(*) FROM clinic_holidays WHERE clinic_id = $1"
    assert await world.db.fetchval(of_doctor, UUID(doctor["clinic_id"])) == before
    await world.replan()


def test_days_come_with_their_names_and_an_unknown_country_is_refused() -> None:
    days = national_holidays.national_holidays("IN", "KA", date(2026, 1, 20), date(2026, 11, 1))
    assert days[date(2026, 1, 26)] == "Republic Day"
    assert days[date(2026, 11, 1)] == "Karnataka Rajyotsava"
    assert min(days) >= date(2026, 1, 20)
    with pytest.raises(HolidayCalendarNotFound):
        national_holidays.national_holidays("ZZ", None, date(2026, 1, 1), date(2026, 2, 1))
