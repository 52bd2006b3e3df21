"""A doctor's statement adds up, is the same whenever it is asked for, and reads as the books do."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from pypdf import PdfReader

from tests.support.payers import PAYING, Payer
from tests.support.payments_world import ADMIN, World
from tests.support.sandbox import Json

YEARS = "from=2026-01-01&to=2026-12-31"


@pytest.fixture
def settings() -> Json:
    return {"commission_percent": 20, **PAYING}


@pytest.fixture
def payer(world: World) -> Payer:
    return Payer(world)


async def ask(payer: Payer, doctor_id: UUID, file: str, period: str) -> httpx.Response:
    return await payer.world.ask(
        "GET", f"/api/v1/payouts/doctors/{doctor_id}/{file}?{period}", f"admin:{ADMIN}"
    )


async def around_now(payer: Payer) -> str:
    """The period around now, on the books' own calendar."""
    day = await payer.world.db.fetchval("SELECT ledger_day(niyat_now())")
    return f"from={day - timedelta(days=300)}&to={day + timedelta(days=30)}"


async def test_a_statement_has_a_line_for_each_posting_and_its_balance_is_what_is_owed(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    first = await payer.approved(doctor_id)
    await payer.settled()
    await payer.world.sandbox.decide_payout((await payer.payout(first))["gateway_payout_id"], "reverse")
    await payer.world.deliver_all()
    await payer.world.settle()
    await payer.held(await payer.doctor())
    answer = await ask(payer, doctor_id, "statement.csv", await around_now(payer))
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["kind"], line["total"], line["amount"], line["balance"]) for line in lines] == [
        ("opening", "", "", "0.00"),
        ("earned", "500.00", "400.00", "400.00"),
        ("payout", "-400.00", "-400.00", "0.00"),
        ("payout-returned", "400.00", "400.00", "400.00"),
        ("closing", "", "", "400.00"),
    ]
    assert (lines[1]["commission"], lines[1]["tax"]) == ("84.75", "15.25")
    assert [line["payout_id"] for line in lines[2:4]] == [first, first]
    assert "Asha" not in answer.text


async def test_the_same_books_give_the_same_bytes_and_as_they_stood_when_they_have_grown(
    payer: Payer,
) -> None:
    doctor_id = await payer.doctor()
    await payer.held(doctor_id)
    period = await around_now(payer)
    stood = await payer.world.db.fetchval("SELECT niyat_now()")
    before = [(await ask(payer, doctor_id, file, period)).content for file in FILES]
    await payer.world.move(seconds=1)
    await payer.held(doctor_id)
    at = f"{period}&at={stood.isoformat().replace('+00:00', 'Z')}"
    assert [(await ask(payer, doctor_id, file, at)).content for file in FILES] == before
    now = [(await ask(payer, doctor_id, file, period)).content for file in FILES]
    assert all(new != old for new, old in zip(now, before, strict=True))


FILES = ("statement.csv", "statement.pdf")


async def test_the_pdf_names_the_doctor_and_the_amounts_in_both_languages(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    await payer.held(doctor_id)
    period = await around_now(payer)
    for language, word in (("en", "Statement of earnings"), ("hi", "₹400.00")):
        answer = await ask(payer, doctor_id, "statement.pdf", f"{period}&language={language}")
        assert answer.headers["content-type"] == "application/pdf"
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
        assert word in text
        assert ("Asha Rao" in text, "₹400.00" in text) == (True, True)


async def test_a_period_that_is_none_is_refused_and_one_without_postings_is_empty(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    for period in ("from=2026-02-01&to=2026-01-01", "from=2024-01-01&to=2026-01-01", "from=2026-01-01"):
        assert (await ask(payer, doctor_id, "statement.csv", period)).status_code == 422
    answer = await ask(payer, doctor_id, "statement.csv", YEARS)
    assert [line["balance"] for line in csv.DictReader(io.StringIO(answer.text))] == ["0.00", "0.00"]
    assert (await ask(payer, doctor_id, "statement.pdf", YEARS)).status_code == 200
