"""Rows of docs/failure-modes.md in which money meets time, other workers or other terms, on the whole system.

The fixture ends each test settled and in the audit, so nothing here needs to say that the books are in balance.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from niyat.app import SERVICES, Niyat, assemble
from tests.support.journeys import PRICE, books_say, cancel, order_of, paid_visit, path_of, subjects
from tests.support.sandbox import Json
from tests.support.system import PATIENCE_SECONDS, Caller, System


async def is_being_captured(system: System, who: Caller, booking: Json) -> None:
    """Returns once its money is being captured, which is after its time was secured."""
    path = f"/api/v1/payments/{booking['payment']['payment_id']}"
    async with asyncio.timeout(4 * PATIENCE_SECONDS):
        while [a["step"] for a in (await who.call("GET", path))["attempts"]] != ["capturing"]:
            await asyncio.sleep(0.05)


@pytest.mark.failure_row(20, 41)
async def test_while_a_capture_hangs_other_holds_end_on_time_and_what_it_secured_is_passed_over(
    system: System,
) -> None:
    slots = await system.slots(await system.doctor(fee_amount=PRICE))
    payer, idler = await system.patient(), await system.patient()
    paying, idling = await system.book(payer, slots[0]), await system.book(idler, slots[1])
    await system.sandbox.add_fault(
        system.merchant, "payments.capture", "timeout-before", seconds=3, times=1000
    )
    await system.sandbox.pay(order_of(paying))
    await is_being_captured(system, payer, paying)
    await system.clock.pass_by(minutes=5, seconds=2)
    await system.becomes(idler, idling, "expired")
    assert (await system.appointment(payer, paying))["status"] == "pending-payment"
    assert (await system.sandbox.books(system.merchant)).captured == 0
    taken = await idler.ask(
        "POST",
        "/appointments",
        {"slot_id": slots[0]["slot_id"], "consultation_type": "VIDEO"},
        key=str(uuid4()),
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "slot-taken")
    await system.sandbox.clear_faults(system.merchant)
    for _ in range(3):  # asked about; it had no effect; made again
        await system.settle()
        await system.clock.move(minutes=1)
    await system.becomes(payer, paying, "confirmed")
    await books_say(system, captured=PRICE, refunded=0, captures=1)


@pytest.mark.failure_row(40, 41)
async def test_money_that_comes_as_the_hold_ends_and_somebody_else_wants_the_time_is_kept_with_it_or_not_at_all(
    system: System,
) -> None:
    slots = (await system.slots(await system.doctor(fee_amount=PRICE)))[:4]
    patient, rival = await system.patient(), await system.patient()
    bookings = [await system.book(patient, slot) for slot in slots]
    await system.sandbox.set_webhooks(system.merchant, mode="hold")
    for booking in bookings:
        await system.sandbox.pay(order_of(booking))
    wishes = [{"slot_id": slot["slot_id"], "consultation_type": "VIDEO"} for slot in slots]
    await system.clock.pass_by(minutes=5)
    news = asyncio.create_task(system.sandbox.flush_webhooks(system.merchant))
    answers = await asyncio.gather(
        *(rival.ask("POST", "/appointments", wish, key=str(uuid4())) for wish in wishes)
    )
    await news
    await system.settle()
    ended = [
        ((await system.appointment(patient, booking))["status"], answer.status_code)
        for booking, answer in zip(bookings, answers, strict=True)
    ]
    assert set(ended) <= {("confirmed", 409), ("expired", 201)}
    confirmed = ended.count(("confirmed", 409))
    await books_say(system, captured=confirmed * PRICE, refunded=0, captures=confirmed)


@asynccontextmanager
async def second_process(system: System) -> AsyncIterator[Niyat]:
    """Another whole Niyat over the same databases, with workers of its own for every job and every event."""
    urls = {service: system.databases.url(service) for service in SERVICES}
    second = await assemble(system.configuration, urls, system.niyat.clock)
    second.start()
    try:
        yield second
    finally:
        second.hub.close()
        await second.stop()


@pytest.mark.failure_row(34)
async def test_two_processes_that_work_off_the_same_jobs_do_each_once(system: System) -> None:
    slots = await system.slots(await system.doctor(fee_amount=PRICE))
    patients = [await system.patient() for _ in range(4)]
    await system.sandbox.set_webhooks(system.merchant, duplicate=2)
    async with second_process(system):
        bookings = [await system.book(who, slot) for who, slot in zip(patients, slots, strict=False)]
        await asyncio.gather(*(system.sandbox.pay(order_of(booking)) for booking in bookings))
        for who, booking in zip(patients, bookings, strict=True):
            await system.becomes(who, booking, "confirmed")
        for who, booking in list(zip(patients, bookings, strict=True))[:2]:
            await cancel(who, booking)
        async with asyncio.timeout(4 * PATIENCE_SECONDS):
            while (await system.sandbox.books(system.merchant)).refunded < 2 * PRICE:
                await asyncio.sleep(0.05)
    await books_say(system, captured=4 * PRICE, refunded=2 * PRICE, captures=4)
    assert (await system.sandbox.books(system.merchant)).count("refund.created") == 2
    for who in patients:
        told = await subjects(system, who)
        assert len(told) == len(set(told)), told
        assert sum(subject.startswith("Confirmed:") for subject in told) <= 1
    for who in patients[2:]:
        assert len(await subjects(system, who)) == 2  # the confirmation and the receipt


@pytest.mark.failure_row(39)
async def test_a_double_click_on_book_is_one_booking_with_one_order(system: System) -> None:
    slot = (await system.slots(await system.doctor(fee_amount=PRICE)))[0]
    patient, key = await system.patient(), str(uuid4())
    wish = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO"}
    answers = await asyncio.gather(*(patient.ask("POST", "/appointments", wish, key=key) for _ in range(2)))
    booked = await patient.call("POST", "/appointments", wish, key=key)
    for answer in answers:  # the one that came while the order was being made is told to come again
        assert answer.status_code in (201, 503), answer.text
        if answer.is_success:
            assert path_of(answer.json()) == path_of(booked)
            assert order_of(answer.json()) == order_of(booked)
    mine = await patient.call("GET", "/api/v1/appointments")
    assert [one["appointment_id"] for one in mine["items"]] == [booked["appointment"]["appointment_id"]]
    assert len((await system.sandbox.books(system.merchant)).orders) == 1


@pytest.mark.failure_row(57)
async def test_price_and_terms_are_those_of_the_hold_though_both_change_before_the_payment(
    system: System,
) -> None:
    doctor = await system.doctor(fee_amount=PRICE)
    slots = await system.slots(doctor)
    patient, later = await system.patient(), await system.patient()
    held = await system.book(patient, slots[0])
    dearer = {"consultation_type": "VIDEO", "fee_amount": 90_000, "slot_minutes": 30}
    await system.admin.call(
        "PATCH",
        f"/api/v1/doctors/{doctor['doctor_id']}",
        {"consultations": [dearer], "reason": "A new year"},
    )
    settings = system.configuration.appointments
    settings.refund_tiers = {24: 10}  # as after a start with other terms

    await system.sandbox.pay(order_of(held))
    confirmed = await system.becomes(patient, held, "confirmed")
    assert (confirmed["amount"], confirmed["policy"]["tiers"][0]["percent"]) == (PRICE, 100)
    await books_say(system, captured=PRICE, refunded=0, captures=1)
    asked = await patient.call("GET", f"{path_of(held)}/cancellation")
    assert asked["amount_owed_back"] == PRICE
    await cancel(patient, held)
    await books_say(system, captured=PRICE, refunded=PRICE, captures=1)

    new = await paid_visit(system, later, slots[1])  # what did change is for those who come now
    await cancel(later, new)
    await books_say(system, captured=PRICE + 90_000, refunded=PRICE + 9_000, captures=2)
