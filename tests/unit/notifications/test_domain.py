"""What is planned, when it is no longer so, and how long a retry waits."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from niyat.notifications.categories import AUDIENCE, CATEGORY
from niyat.notifications.domain import (
    ONLY_WHILE,
    PROMISES,
    TRANSITIONS,
    UNPAID,
    NotificationStatus,
    NotificationType,
    mask,
    no_longer_so,
)
from niyat.notifications.reminders import REMINDER_OFFSETS, reminders

START = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
ACCOUNT, APPOINTMENT = uuid4(), uuid4()


def why_not(
    kind: NotificationType, *, status: str = "confirmed", revision: int | None = 0, current: int = 0
) -> str | None:
    return no_longer_so(kind, ACCOUNT, revision, whose=ACCOUNT, status=status, current=current)


def test_there_is_a_reminder_a_day_an_hour_and_a_quarter_of_an_hour_before() -> None:
    planned = reminders(ACCOUNT, APPOINTMENT, 0, START)
    assert [START - intent.due_at for intent in planned if intent.due_at] == list(REMINDER_OFFSETS)


def test_a_reminder_is_too_late_before_the_next_one_is_due_and_before_the_visit() -> None:
    planned = reminders(ACCOUNT, APPOINTMENT, 0, START)
    next_ones = [*(intent.due_at for intent in planned[1:]), START]
    for intent, next_one in zip(planned, next_ones, strict=True):
        assert intent.due_at is not None
        assert intent.too_late_at is not None
        assert next_one is not None
        assert intent.due_at < intent.too_late_at < next_one


def test_meanings_differ_by_appointment_revision_and_offset_and_by_nothing_else() -> None:
    keys = {i.meaning for revision in (0, 1) for i in reminders(ACCOUNT, APPOINTMENT, revision, START)}
    again = {i.meaning for revision in (0, 1) for i in reminders(uuid4(), APPOINTMENT, revision, START)}
    assert keys == again
    assert len(keys) == 2 * len(REMINDER_OFFSETS)
    assert keys.isdisjoint(i.meaning for i in reminders(ACCOUNT, uuid4(), 0, START))


@pytest.mark.parametrize("kind", sorted(PROMISES))
@pytest.mark.parametrize(
    "status", ["reserved", "pending-payment", "cancelled", "expired", "completed", "no-show"]
)
def test_nobody_is_promised_a_visit_that_does_not_stand(kind: NotificationType, status: str) -> None:
    assert why_not(kind, status=status) == f"appointment-{status}"


@pytest.mark.parametrize("kind", sorted(PROMISES))
def test_a_promise_is_true_of_its_own_revision_alone(kind: NotificationType) -> None:
    assert why_not(kind, revision=1, current=1) is None
    assert why_not(kind, revision=1, current=2) == "appointment-moved"
    assert why_not(kind, revision=None, current=2) is None


@pytest.mark.parametrize("kind", sorted(ONLY_WHILE))
def test_how_a_visit_ended_is_said_only_while_it_is_so(kind: NotificationType) -> None:
    assert why_not(kind, status=ONLY_WHILE[kind], current=7) is None
    assert why_not(kind, status="confirmed") == "appointment-confirmed"


@pytest.mark.parametrize(
    "kind",
    sorted(set(NotificationType) - PROMISES - set(ONLY_WHILE) - UNPAID - {NotificationType.SCHEDULE_CHANGED}),
)
def test_money_that_moved_stays_true_whatever_became_of_the_visit(kind: NotificationType) -> None:
    assert why_not(kind, status="cancelled", current=7) is None


@pytest.mark.parametrize("kind", sorted(UNPAID))
def test_nobody_is_asked_to_pay_once_a_payment_was_seen_or_the_time_is_gone(kind: NotificationType) -> None:
    assert why_not(kind, status="reserved") is None
    assert why_not(kind, status="expired") == "appointment-expired"
    assert (
        no_longer_so(kind, ACCOUNT, 0, whose=ACCOUNT, status="pending-payment", current=0, secured=True)
        == "payment-seen"
    )


def test_a_doctor_hears_of_the_newest_change_alone() -> None:
    kind = NotificationType.SCHEDULE_CHANGED
    assert why_not(kind, status="cancelled") is None
    assert why_not(kind, revision=1, current=2) == "appointment-moved"
    assert why_not(kind, status="completed") == "appointment-completed"
    assert (
        no_longer_so(kind, ACCOUNT, 0, whose=ACCOUNT, status="cancelled", current=0, tells_of_move=True)
        == "appointment-cancelled"
    )


def test_nobody_hears_you_were_not_charged_once_the_visit_is_paid() -> None:
    assert why_not(NotificationType.PAYMENT_NOT_TAKEN, status="confirmed") == "paid-after-all"


@pytest.mark.parametrize("kind", sorted(NotificationType))
def test_nobody_hears_of_somebody_elses_visit(kind: NotificationType) -> None:
    assert no_longer_so(kind, ACCOUNT, 0, whose=uuid4(), status="confirmed", current=0) == "not-theirs"


def test_every_type_has_a_category_and_an_audience() -> None:
    assert set(CATEGORY) == set(AUDIENCE) == set(NotificationType)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("asha@example.com", "a•••@example.com"),
        ("+919876543210", "+91••••••3210"),
        ("+1234567", "+12•••4567"),
        ("123", "•••"),
    ],
)
def test_a_masked_address_cannot_be_reached(address: str, masked: str) -> None:
    assert mask(address) == masked


def test_what_is_over_for_good_moves_no_more() -> None:
    over = set(NotificationStatus) - {before for before, _ in TRANSITIONS}
    assert over == {"delivered", "suppressed", "missed"}
