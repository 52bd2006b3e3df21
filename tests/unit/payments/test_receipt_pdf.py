"""A receipt tells the visit's time to its reader, and the money's by the clinic's clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from niyat.payments.receipt_pdf import render
from niyat.payments.receipt_words import Language
from tests.support.receipts import on_paper, receipt

STARTS_AT = datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
PAPER = receipt(STARTS_AT, happened_at=datetime(2027, 3, 5, 6, 30, tzinfo=UTC))
IN_NEW_YORK = "Visit Sun, 14 Mar 2027, 03:30 EDT (America/New_York)"
IN_KOLKATA = "Visit Sun, 14 Mar 2027, 13:00 IST (Asia/Kolkata)"


def test_the_visits_time_is_by_the_readers_clocks_and_the_payments_by_the_clinics() -> None:
    said = on_paper(PAPER, "en", "America/New_York")
    assert IN_NEW_YORK in said
    assert said.count("Fri, 5 Mar 2027, 12:00 IST (Asia/Kolkata)") == 2  # paid, and issued


def test_who_travels_to_a_visit_is_told_its_time_by_the_clocks_there() -> None:
    assert IN_KOLKATA in on_paper(PAPER | {"consultation_type": "IN_PERSON"}, "en", "America/New_York")


def test_to_a_reader_whose_zone_is_not_known_the_time_is_the_doctors() -> None:
    assert IN_KOLKATA in on_paper(PAPER, "en")


def test_a_refund_note_tells_the_same_time() -> None:
    note = PAPER | {"kind": "note", "number": "2026-27/N/000001", "receipt_number": "2026-27/R/000123"}
    assert IN_NEW_YORK in on_paper(note, "en", "America/New_York")


@pytest.mark.parametrize("language", ["en", "hi"])
def test_the_same_reader_gets_the_same_bytes(language: Language) -> None:
    assert render(PAPER, language, "Europe/London") == render(PAPER, language, "Europe/London")
    assert render(PAPER, language, "Europe/London") != render(PAPER, language, "Europe/Lisbon")
