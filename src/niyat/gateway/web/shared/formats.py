"""Instants, days, durations and money as one viewer reads them: in their language and their time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_location, get_timezone_name
from babel.numbers import format_currency, get_currency_precision

from niyat.gateway.web.shared.i18n import LOCALES, translations
from niyat.kernel.fields import iana
from niyat.kernel.money import Money

# How each language writes a clock time; Hindi says the part of the day first, as one speaks it.
TIME_PATTERNS = {"en": "h:mm a", "hi": "B h:mm"}


def zone_or(name: str | None, default: str) -> str:
    """`name` when it is an IANA zone (it comes from a cookie), else `default`."""
    try:
        return iana(name or "")
    except ValueError:
        return default


@dataclass(frozen=True)
class Formats:
    """`zone` is an IANA name; `now` is the moment the page is rendered, from the database's clock."""

    language: str
    zone: str
    now: datetime

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(LOCALES[self.language])

    def local(self, instant: datetime, zone: str | None = None) -> datetime:
        """The instant on the viewer's clock, or on that of `zone`."""
        return instant.astimezone(ZoneInfo(zone or self.zone))

    def time(self, instant: datetime, zone: str | None = None) -> str:
        """`10:30 am`, `सुबह 10:30`."""
        return self._written(instant, TIME_PATTERNS[self.language], zone)

    def time_span(self, start: datetime, end: datetime, zone: str | None = None) -> str:
        """`11:30 – 11:50 am`: the part of the day is said once when both are in it."""
        pattern = TIME_PATTERNS[self.language]
        part = pattern.replace("h:mm", "").strip()
        if self._written(start, part, zone) != self._written(end, part, zone):
            return f"{self.time(start, zone)} – {self.time(end, zone)}"
        before = pattern.startswith("h:mm")
        first, last = ("h:mm", pattern) if before else (pattern, "h:mm")
        return f"{self._written(start, first, zone)} – {self._written(end, last, zone)}"

    def _written(self, instant: datetime, pattern: str, zone: str | None) -> str:
        return format_datetime(self.local(instant, zone), pattern, locale=self.locale)

    def day(self, instant: datetime, zone: str | None = None) -> str:
        """`Thursday, 6 November`; the year is added when it is not this one."""
        return self.day_of(self.local(instant, zone).date())

    def day_of(self, day: date) -> str:
        """`day`, for a calendar day that is already local."""
        same_year = day.year == self.local(self.now).year
        return format_date(day, "EEEE, d MMMM" if same_year else "EEEE, d MMMM y", locale=self.locale)

    def short_day(self, instant: datetime, zone: str | None = None) -> str:
        """`Today`, `Tomorrow`, else `Thu, 6 Nov`."""
        local = self.local(instant, zone)
        return self.relative_day(local.date()) or format_date(local, "EEE, d MMM", locale=self.locale)

    def relative_day(self, day: date) -> str:
        """`Today` or `Tomorrow`, else nothing."""
        today = self.local(self.now).date()
        gettext = translations(self.language).gettext
        return {today: gettext("Today"), today + timedelta(days=1): gettext("Tomorrow")}.get(day, "")

    def weekday(self, day: date) -> str:
        """`Thu`."""
        return format_date(day, "EEE", locale=self.locale)

    def month(self, day: date) -> str:
        """`Nov`."""
        return format_date(day, "MMM", locale=self.locale)

    def moment(self, instant: datetime, zone: str | None = None) -> str:
        """Day and time in one: `Thu, 6 Nov, 10:30 am`."""
        return f"{self.short_day(instant, zone)}, {self.time(instant, zone)}"

    def plain_moment(self, instant: datetime, zone: str | None = None) -> str:
        """`moment` for the middle of a sentence: `7 November, 6:00 am`."""
        day = format_date(self.local(instant, zone), "d MMMM", locale=self.locale)
        return f"{day}, {self.time(instant, zone)}"

    def zone_name(self, instant: datetime, zone: str | None = None) -> str:
        """What people call the zone at that instant: `India Time`, `Central European Summer Time`."""
        local = self.local(instant, zone)
        name = get_timezone_name(local, zone_variant=_variant(local), locale=self.locale)
        # CLDR has no such name for some zones, India's among them; then the country or city is the best one.
        return get_timezone_location(local, locale=self.locale) if name.startswith("GMT") else name

    def same_clock(self, instant: datetime, zone: str) -> bool:
        """Whether the viewer's clock and that of `zone` read the same at that instant."""
        return self.local(instant).utcoffset() == self.local(instant, zone).utcoffset()

    def money(self, money: Money) -> str:
        """`₹800`, `₹1,18,000.50`: minor units are shown only when there are some."""
        precision = get_currency_precision(money.currency)
        value = Decimal(money.amount).scaleb(-precision)
        if value != value.to_integral_value():
            return format_currency(value, money.currency, locale=self.locale)
        pattern = str(self.locale.currency_formats["standard"].pattern).replace(".00", "")
        return format_currency(value, money.currency, pattern, locale=self.locale, currency_digits=False)

    def clock(self, seconds: int) -> str:
        """Minutes and seconds that are left: `4:07`."""
        return f"{max(seconds, 0) // 60}:{max(seconds, 0) % 60:02d}"

    def seconds_until(self, instant: datetime) -> int:
        """Whole seconds from now, never below zero."""
        return max(int((instant - self.now).total_seconds()), 0)

    def term(self, text: str) -> str:
        """A specialty in the viewer's language, where the catalogue knows it (`terms.py`)."""
        return translations(self.language).gettext(text) if text else text

    def language_name(self, code: str) -> str:
        """`Hindi`, `हिन्दी`: an ISO code in the viewer's language; what is no code is returned as it is."""
        return str(self.locale.languages.get(code, code))


def _variant(local: datetime) -> Literal["standard", "daylight"]:
    """Which of a zone's two names holds. In the IANA rules Ireland's winter is its daylight saving, of minus an hour;
    its names go by the later clock, as everybody's do.
    """
    winter_and_summer = (local.replace(month=month, day=1).utcoffset() or timedelta() for month in (1, 7))
    return "daylight" if (local.utcoffset() or timedelta()) > min(winter_and_summer) else "standard"
