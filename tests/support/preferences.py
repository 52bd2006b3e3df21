"""Preferences of all kinds, and moments at which they matter: around changes of the clocks above all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.preferences import LONGEST_QUIET, Preferences, may_be_chosen
from niyat.notifications.quiet_hours import QuietHours
from niyat.notifications.reminders import REMINDER_OFFSETS

ZONES = st.sampled_from(
    [
        "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "America/St_Johns", "Europe/Berlin", "Europe/London",
        "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca", "America/Santiago", "Pacific/Kiritimati", "UTC",
    ]
)  # fmt: skip

# Of each of those zones, some change of its clocks in 2026, in UTC.
CHANGES = (
    datetime(2026, 2, 15, 2, tzinfo=UTC), datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 4, 5, 4, tzinfo=UTC), datetime(2026, 9, 6, 4, tzinfo=UTC),
    datetime(2026, 9, 26, 14, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),
)  # fmt: skip

MOMENTS = st.one_of(
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes),
        st.sampled_from(CHANGES),
        st.integers(-36 * 60, 36 * 60),
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)

CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
QUIET = (
    st.tuples(CLOCKS, CLOCKS)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: QuietHours(*pair))
    .filter(lambda quiet: quiet.length <= LONGEST_QUIET)
)
OFFSETS = st.lists(
    st.one_of(st.sampled_from(REMINDER_OFFSETS), st.integers(5, 20_160).map(lambda m: timedelta(minutes=m))),
    min_size=1,
    max_size=5,
    unique=True,
).map(tuple)

CHOICES = st.dictionaries(
    st.tuples(
        st.sampled_from([kind for kind in NotificationType if may_be_chosen(kind)]),
        st.sampled_from(NotificationChannel),
    ),
    st.booleans(),
    max_size=12,
)

PREFERENCES = st.builds(
    Preferences,
    choices=CHOICES,
    language=st.sampled_from([None, "en", "hi"]),
    time_zone=st.none() | ZONES,
    quiet_hours=st.none() | QUIET,
    reminder_offsets=OFFSETS,
    has_device=st.booleans(),
)
