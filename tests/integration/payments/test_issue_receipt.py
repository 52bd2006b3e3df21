"""Every capture has one receipt and every processed refund one note, numbered without a hole whatever happens."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from pypdf import PdfReader

from niyat.kernel.db import Connection
from niyat.payments.commands.issue_receipt import issue_receipt, issue_receipts
from niyat.payments.receipt_queries import receipt_of_payment
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import ADMIN, World
from tests.support.receipts import text_of


async def paid(world: World) -> tuple[Visit, str]:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    return visit, begun["payment_id"]


async def receipt(world: World, who: str, payment_id: str, end: str = "receipt") -> Any:
    return await world.ask("GET", f"/api/v1/payments/{payment_id}/{end}", who)


async def numbers(world: World, series: str = "R") -> list[int]:
    rows = await world.db.fetch("SELECT number FROM receipts WHERE series = $1 ORDER BY number", series)
    return [row["number"] for row in rows]


async def test_a_receipt_says_who_was_paid_for_what_and_how(world: World) -> None:
    visit, payment_id = await paid(world)
    await world.settle()
    said = (await receipt(world, f"patient:{visit.patient_id}", payment_id)).json()
    payment = await world.payment(payment_id)
    year = said["number"][:7]
    assert (said["kind"], said["number"]) == ("receipt", f"{year}/R/000001")
    assert (said["amount"], said["currency"], said["taxable_amount"]) == (PRICE, "INR", PRICE)
    assert (said["tax_lines"], said["exemption"][:6]) == ([], "Exempt")
    assert (said["clinic_name"], said["doctor_name"]) == ("Niyat Clinic", "Dr. Asha Rao")
    assert said["registration_number"] == "KMC 12345"
    assert said["reference"] == payment["gateway_payment_id"]
    assert said["happened_at"] == payment["captured_at"]
    assert (said["account_id"], said["at_desk"]) == (str(visit.patient_id), False)


async def test_the_desks_money_has_its_receipt_in_the_same_series(world: World) -> None:
    await paid(world)
    await world.settle()
    taken = (await world.receive(world.visit(), method="upi", reference="Book 3, 41")).json()
    await world.settle()
    said = (await receipt(world, f"admin:{ADMIN}", taken["payment_id"])).json()
    assert said["number"].endswith("/R/000002")
    assert (said["at_desk"], said["method"], said["reference"]) == (True, "upi", "Book 3, 41")
    assert said["order_id"] is None


async def test_each_processed_refund_has_a_note_that_names_the_receipt(world: World) -> None:
    visit, payment_id = await paid(world)
    await world.settle()
    for key, amount in (("a", 20_000), ("b", 10_000)):
        await world.refund(payment_id, amount, key)
        await world.settle()
    refunds = (await world.payment(payment_id))["refunds"]
    who = f"patient:{visit.patient_id}"
    notes = [
        (await world.ask("GET", f"/api/v1/payments/refunds/{refund['refund_id']}/note", who)).json()
        for refund in refunds
    ]
    kept = (await receipt(world, who, payment_id)).json()
    assert [note["amount"] for note in notes] == [20_000, 10_000]
    assert [note["number"][8:] for note in notes] == ["N/000001", "N/000002"]
    assert {note["receipt_number"] for note in notes} == {kept["number"]}
    assert [note["reference"] for note in notes] == [refund["gateway_refund_id"] for refund in refunds]
    pdf = await world.ask("GET", f"/api/v1/payments/refunds/{refunds[0]['refund_id']}/note.pdf", who)
    assert "Refund note" in text_of(pdf.content)
    assert "₹200.00" in text_of(pdf.content)


async def test_the_file_is_the_same_to_the_byte_whenever_it_is_asked_for(world: World) -> None:
    visit, payment_id = await paid(world)
    await world.settle()
    who = f"patient:{visit.patient_id}"
    first = await receipt(world, who, payment_id, "receipt.pdf")
    assert first.headers["content-type"] == "application/pdf"
    text = text_of(first.content)
    for words in ("Niyat Clinic", "Dr. Asha Rao", "KMC 12345", "₹500.00", "/R/000001", "Exempt"):
        assert words in text
    await world.move(days=400)
    assert (await receipt(world, who, payment_id, "receipt.pdf")).content == first.content
    found = await receipt_of_payment(world.db, UUID(payment_id))
    elsewhere = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, repr(found)], capture_output=True, check=True, timeout=60
    )
    assert elsewhere.stdout == first.content, "another process makes other bytes"


ELSEWHERE = """
import sys, datetime
from asyncpg.pgproto.pgproto import UUID
from niyat.payments.receipt_pdf import render
sys.stdout.buffer.write(render(eval(sys.argv[1]), "en"))
"""


async def test_the_file_tells_the_visits_time_by_its_readers_clocks(world: World) -> None:
    visit, payment_id = await paid(world)
    await world.settle()
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    refund_id = (await world.payment(payment_id))["refunds"][0]["refund_id"]
    who = f"patient:{visit.patient_id}"
    for path in (f"{payment_id}/receipt.pdf", f"refunds/{refund_id}/note.pdf"):

        async def file(zone: str, path: str = path) -> Any:
            return await world.ask("GET", f"/api/v1/payments/{path}?time_zone={zone}", who)

        there = (await file("Europe/London")).content
        assert "Tue, 1 Dec 2026, 04:30 GMT (Europe/London)" in text_of(there)
        assert "Tue, 1 Dec 2026, 10:00 IST (Asia/Kolkata)" in text_of((await file("Asia/Kolkata")).content)
        assert (await file("Europe/London")).content == there
        for zone in ("Mars/Olympus", "Factory", "", "%00"):
            refusal = await file(zone)
            assert refusal.status_code == 422
            assert [error["field"] for error in refusal.json()["errors"]] == ["time_zone"]


async def test_the_file_can_be_had_in_hindi(world: World) -> None:
    visit, payment_id = await paid(world)
    await world.settle()
    answer = await receipt(world, f"patient:{visit.patient_id}", payment_id, "receipt.pdf?language=hi")
    reader = PdfReader(io.BytesIO(answer.content))
    assert str(reader.root_object["/Lang"]) == "hi"
    assert reader.metadata is not None
    assert (reader.metadata.title or "").startswith("रसीद 20")
    assert "₹500.00" in text_of(answer.content)


async def test_nobody_else_sees_a_receipt_or_a_note(world: World) -> None:
    visit, payment_id = await paid(world)
    await world.settle()
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    refund_id = (await world.payment(payment_id))["refunds"][0]["refund_id"]
    for path in (
        f"{payment_id}/receipt",
        f"{payment_id}/receipt.pdf",
        f"refunds/{refund_id}/note",
        f"refunds/{refund_id}/note.pdf",
    ):
        for stranger in (f"patient:{uuid4()}", f"doctor:{visit.doctor_id}"):
            answer = await world.ask("GET", f"/api/v1/payments/{path}", stranger)
            assert (answer.status_code, answer.json()["code"]) == (404, "receipt-not-found")
        assert (await world.ask("GET", f"/api/v1/payments/{path}")).status_code == 401
        assert (await world.ask("GET", f"/api/v1/payments/{path}", f"admin:{ADMIN}")).status_code == 200


async def test_a_receipt_waits_for_appointments_and_takes_no_number_meanwhile(world: World) -> None:
    world.appointments.speechless = True
    visit, payment_id = await paid(world)
    await world.settle()
    assert (await receipt(world, f"patient:{visit.patient_id}", payment_id)).status_code == 404
    assert not await world.db.fetchval("SELECT count(*) FROM receipt_series")
    world.appointments.speechless = False
    _, later = await paid(world)
    await world.settle()
    await world.move(minutes=20)
    await world.settle()
    said = [
        (await receipt(world, f"admin:{ADMIN}", one)).json()["number"][-6:] for one in (later, payment_id)
    ]
    # Which is first depends on how long it took to come by again; there is no hole, and none was taken before.
    assert sorted(said) == ["000001", "000002"]


async def test_a_refund_waits_for_its_receipt(world: World) -> None:
    world.appointments.speechless = True
    _, payment_id = await paid(world)
    await world.settle()
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    assert await numbers(world, "N") == []
    world.appointments.speechless = False
    await world.move(minutes=20)
    await world.settle()
    await world.move(minutes=20)
    await world.settle()
    assert (await numbers(world), await numbers(world, "N")) == ([1], [1])


async def test_money_of_march_gets_a_number_of_its_own_year_however_late(world: World) -> None:
    for at in (datetime(2027, 3, 31, 18, 29, tzinfo=UTC), datetime(2027, 3, 31, 18, 31, tzinfo=UTC)):
        _, payment_id = await paid(world)
        await world.db.execute(
            "UPDATE payment_attempts SET captured_at = $1 WHERE payment_id = $2", at, UUID(payment_id)
        )
    await world.settle()
    rows = await world.db.fetch("SELECT financial_year, number FROM receipts ORDER BY happened_at")
    assert [tuple(row) for row in rows] == [("2026-27", 1), ("2027-28", 1)]


async def test_a_captured_payment_that_was_one_too_many_has_a_receipt_and_a_note_too(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    first = await world.sandbox.pay(begun["order_id"])
    await world.receive(visit)
    await world.verify(visit, first)
    await world.settle()
    assert await numbers(world) == list(range(1, len(await numbers(world)) + 1))
    assert await numbers(world)


CROWD = 12


async def test_a_crowd_of_connections_leaves_no_hole_and_no_double(world: World) -> None:
    """Everything is due at once, every worker tries every row, half of them give up after they took a number."""
    for _ in range(3):
        await paid(world)
    visit = world.visit()
    facts = await world.appointments.visit(visit.appointment_id)
    due = [row["id"] for row in await world.db.fetch("SELECT id FROM receipts_due")]
    assert len(due) == 3

    async def give_up(conn: Connection, due_id: int) -> None:
        await issue_receipt(conn, due_id, facts, world.parts.settings)
        raise GivenUp

    async def worker(number: int) -> None:
        conn = await asyncpg.connect(world.db_url)
        await conn.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        try:
            for due_id in due if number % 2 else reversed(due):
                try:
                    async with conn.transaction():
                        if number % 2:
                            await issue_receipt(conn, due_id, facts, world.parts.settings)
                        else:
                            await give_up(conn, due_id)
                except GivenUp:
                    pass
        finally:
            await conn.close()

    await asyncio.gather(*(worker(number) for number in range(CROWD)))
    assert await numbers(world) == [1, 2, 3]
    assert await world.db.fetchval("SELECT count(*) FROM receipts_due") == 0


class GivenUp(Exception):
    pass


async def test_a_receipt_waits_for_its_case_and_holds_nothing_meanwhile(world: World) -> None:
    """Whoever has the case takes the payment next, and may meet what is due: one that had either would deadlock."""
    visit, payment_id = await paid(world)
    facts = await world.appointments.visit(visit.appointment_id)
    due_id = await world.db.fetchval("SELECT id FROM receipts_due")
    holder = await asyncpg.connect(world.db_url)
    try:
        async with holder.transaction():
            await holder.execute(
                "SELECT FROM payment_cases WHERE appointment_id = $1 FOR UPDATE", visit.appointment_id
            )
            issuing = asyncio.create_task(world.db.run(issue_receipt, due_id, facts, world.parts.settings))
            async with asyncio.timeout(20):
                while not await holder.fetchval(WAITING):
                    await asyncio.sleep(0.01)
            await holder.execute(
                "SELECT FROM payment_transactions WHERE payment_id = $1 FOR UPDATE", UUID(payment_id)
            )
            await holder.execute(
                "INSERT INTO receipts_due (gateway_payment_id, happened_at) SELECT gateway_payment_id, happened_at"
                " FROM receipts_due WHERE id = $1 ON CONFLICT DO NOTHING",
                due_id,
            )
        assert await issuing is not None
    finally:
        await holder.close()
    assert await numbers(world) == [1]


WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


async def test_two_workers_at_once_issue_each_receipt_once_and_in_the_order_of_capture(world: World) -> None:
    for _ in range(3):
        await paid(world)
    await asyncio.gather(*(issue_receipts(world.parts) for _ in range(2)))
    rows = await world.db.fetch("SELECT number, happened_at FROM receipts ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2, 3]
    await world.settle()


async def test_numbers_follow_the_order_of_capture_among_those_that_are_due_together(world: World) -> None:
    for _ in range(3):
        await paid(world)
    await world.db.execute("UPDATE receipts_due SET id = DEFAULT")
    await issue_receipts(world.parts)
    rows = await world.db.fetch("SELECT happened_at FROM receipts ORDER BY number")
    assert all(earlier["happened_at"] < later["happened_at"] for earlier, later in pairwise(rows))


async def test_a_refund_that_fails_after_it_was_processed_leaves_a_note_that_says_void(world: World) -> None:
    visit, payment_id = await paid(world)
    await world.settle()
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    refund = (await world.payment(payment_id))["refunds"][0]
    path, who = f"/api/v1/payments/refunds/{refund['refund_id']}/note", f"patient:{visit.patient_id}"
    before = (await world.ask("GET", path, who)).json()
    assert before["voided_at"] is None
    await world.sandbox.fail_refund(refund["gateway_refund_id"])
    await world.deliver_all()
    await world.settle()
    after = (await world.ask("GET", path, who)).json()
    assert after["voided_at"] is not None
    assert after["number"] == before["number"]
    assert "VOID" in text_of((await world.ask("GET", path + ".pdf", who)).content)


async def test_the_database_refuses_a_hole_and_an_edit(world: World) -> None:
    await paid(world)
    await world.settle()
    with pytest.raises(asyncpg.CheckViolationError):
        await world.db.execute("UPDATE receipt_series SET last_number = last_number + 2")
    with pytest.raises(asyncpg.CheckViolationError):
        await world.db.execute("INSERT INTO receipt_series VALUES ('2030-31', 'R', 2)")
    for edit in ("UPDATE receipts SET amount = 1", "DELETE FROM receipts", "DELETE FROM receipt_series"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.db.execute(edit)


async def test_a_receipt_is_told_once_its_money_is_kept_and_never_of_money_that_goes_back(
    world: World,
) -> None:
    kept, unwanted = world.visit(), world.visit()
    for visit in (kept, unwanted):
        begun = await world.initiate(visit)
        if visit is unwanted:
            await world.expire(visit, slot_free=False)
        await world.sandbox.pay(begun["order_id"], outcome="captured", force=True)
    world.appointments.deaf = 2  # both receipts are there before either place is known
    await world.deliver_all()
    for job in world.service.jobs:
        await job.run()
    await world.pump()
    assert "RECEIPT_ISSUED" not in world.told()
    await world.move(minutes=1)
    await world.settle()
    told = [event for event in world.events if event.type == "RECEIPT_ISSUED"]
    assert [event.appointment_id for event in told] == [kept.appointment_id]  # type: ignore[attr-defined]
    numbers = await world.db.fetch(
        "SELECT number FROM receipts WHERE appointment_id = $1", kept.appointment_id
    )
    assert [int(event.receipt_number[-6:]) for event in told] == [row["number"] for row in numbers]  # type: ignore[attr-defined]
