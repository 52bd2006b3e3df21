"""The public holidays of a country, from the `holidays` library. Some are estimates until they are announced."""

from __future__ import annotations

from datetime import date

import holidays

from niyat.appointments.errors import HolidayCalendarNotFound

LONGEST_NAME = 200


def national_holidays(country: str, subdivision: str | None, first: date, last: date) -> dict[date, str]:
    """Day → name, in the country's own language, from `first` to `last`. Raises HolidayCalendarNotFound."""
    years = range(first.year, last.year + 1)
    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=years)
    except NotImplementedError as error:
        raise HolidayCalendarNotFound from error
    return {day: name[:LONGEST_NAME] for day, name in sorted(found.items()) if first <= day <= last}
