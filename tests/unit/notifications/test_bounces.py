"""Mails that came back, and the marks by which we know that they were ours."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.notifications.adapters.return_path import marks_in
from niyat.notifications.addresses import AddressKey
from niyat.notifications.bounces import read_returned
from niyat.notifications.domain import NotificationChannel, SuppressionCause

KEY = AddressKey("a key for tests, of enough characters")

REPORT = """\
From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
Arrival-Date: Tue, 24 Nov 2026 10:30:00 +0530

Original-Recipient: rfc822;asha@patient.example
Final-Recipient: rfc822; moved@elsewhere.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no

--b--
"""


def report(action: str = "failed", status: str = "5.1.1", to: str = "bounces+x@clinic.example") -> bytes:
    return REPORT.format(action=action, status=status, to=to).encode()


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("5.1.1", SuppressionCause.HARD_BOUNCE),
        ("5.1.10 (no MX)", SuppressionCause.HARD_BOUNCE),
        ("5.2.1", SuppressionCause.HARD_BOUNCE),
        ("5.2.2", None),
        ("5.7.1", None),
        ("4.4.1", None),
    ],
)
def test_only_a_mailbox_that_is_not_there_ends_mails_to_it(
    status: str, cause: SuppressionCause | None
) -> None:
    returned = read_returned(report(status=status))
    assert returned is not None
    (bounced,) = returned.recipients
    assert (bounced.outcome, bounced.cause) == ("undelivered", cause)
    assert bounced.addresses == ("asha@patient.example", "moved@elsewhere.example")


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded", ""])
def test_what_is_no_end_is_passed_over(action: str) -> None:
    returned = read_returned(report(action=action))
    assert returned is not None
    assert returned.recipients == ()


def test_other_mail_is_no_report() -> None:
    assert read_returned(b"Subject: I am on holiday\r\n\r\nBack on Monday\r\n") is None


@given(st.binary(max_size=300), st.integers(0, 900), st.integers(0, 40))
def test_whatever_arrives_is_read_or_passed_over(garbage: bytes, at: int, cut: int) -> None:
    whole = report()
    for mail in (garbage, whole[:at] + garbage + whole[at + cut :]):
        returned = read_returned(mail)
        assert returned is None or all(bounced.addresses for bounced in returned.recipients)


def test_a_mark_counts_for_the_address_that_the_mail_was_sent_to_alone() -> None:
    notification_id = uuid4()
    mark = KEY.way_back(notification_id, "Asha@Patient.example")
    assert len(mark) == 42
    assert KEY.came_back(mark.upper(), ["x@y.example", "asha@patient.example"]) == (
        notification_id,
        "asha@patient.example",
    )
    assert KEY.came_back(mark, ["victim@patient.example"]) is None
    assert AddressKey("another key").came_back(mark, ["asha@patient.example"]) is None


@given(st.text(max_size=60))
def test_a_mark_that_somebody_made_up_is_nobodys(mark: str) -> None:
    assert KEY.came_back(mark, ["asha@patient.example"]) is None


def test_marks_are_found_in_the_address_that_a_report_went_to() -> None:
    mark = KEY.way_back(uuid4(), "asha@patient.example")
    assert marks_in(f"Bounces <bounces+{mark}@clinic.example>") == [mark]
    assert marks_in("bounces@clinic.example") == []


def test_an_address_is_kept_as_a_hash_that_only_our_key_makes() -> None:
    kept = KEY.keep(NotificationChannel.EMAIL, " Asha@Patient.example ")
    assert kept.hash == KEY.keep(NotificationChannel.EMAIL, "asha@patient.example").hash
    assert kept.hash != KEY.keep(NotificationChannel.SMS, "asha@patient.example").hash
    assert kept.hash != AddressKey("another key").keep(NotificationChannel.EMAIL, "asha@patient.example").hash
    assert "sha@patient" not in kept.masked
    assert KEY.key not in repr(KEY)


@pytest.mark.parametrize("kind", ["multipart/report", "message/rfc822"])
def test_a_mail_within_a_mail_without_end_is_no_report(kind: str) -> None:
    part = "Content-Type: {kind}; boundary=b{n}\n\n" + ("--b{n}\n" if kind.startswith("multipart") else "")
    nested = "".join(part.format(kind=kind, n=n) for n in range(20_000))
    first = "Content-Type: multipart/report; boundary=first\n\n--first\n"
    assert read_returned((first + nested).encode()) is None
