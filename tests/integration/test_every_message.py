"""Every type of message leaves because somebody did something at an endpoint, over the whole system."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from niyat.notifications.doctors import list_of
from niyat.notifications.domain import NotificationType
from tests.integration.test_payout_journey import WHY, fund_account
from tests.support.events import eventually
from tests.support.sandbox import Json
from tests.support.system import Caller, System

LEFT = "SELECT DISTINCT type FROM scheduled_notifications WHERE status IN ('sent', 'delivered')"
A_MINUTE = {"minutes": 1, "seconds": 5}


@pytest.fixture(autouse=True)
def offers_of_four_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the life of the access tokens that a test holds."""
    monkeypatch.setenv("NIYAT_APPOINTMENTS_OFFER_SECONDS", "240")


async def left(system: System) -> set[NotificationType]:
    """The types of which a message was taken by its provider."""
    await system.settle()
    db = await asyncpg.connect(system.databases.audit_url("notifications"))
    try:
        return {NotificationType(row["type"]) for row in await db.fetch(LEFT)}
    finally:
        await db.close()


async def leaves(
    system: System, told: set[NotificationType], *, or_not: frozenset[NotificationType] = frozenset()
) -> None:
    """All of these have left and no other; `or_not`: of these it does not matter. What is withheld comes later."""

    async def left_now() -> bool:
        return await left(system) - or_not == told - or_not

    with suppress(AssertionError):
        await eventually(left_now)
    assert await left(system) - or_not == told - or_not


async def paid(system: System, slot: Json) -> tuple[Caller, str]:
    """A patient of a visit that is paid for, and the visit's path."""
    patient = await system.patient()
    booking = await system.book(patient, slot)
    await system.sandbox.pay(booking["payment"]["order_id"])
    await system.becomes(patient, booking, "confirmed")
    return patient, f"/api/v1/appointments/{booking['appointment']['appointment_id']}"


async def test_every_type_of_message_leaves_because_somebody_did_something(system: System) -> None:
    T, told = NotificationType, set[NotificationType]()  # noqa: N806 - as everywhere
    doctor = await system.doctor()
    slots = await system.slots(doctor)

    # Booked and not paid for, and a payment that fails.
    abandoning, failing = await system.patient(), await system.patient()
    abandoned = await system.book(abandoning, slots[0])
    failed = await system.book(failing, slots[1])
    await system.sandbox.pay(failed["payment"]["order_id"], outcome="failed")
    await system.settle()
    await system.clock.move(**A_MINUTE)
    told |= {T.SIGN_IN_CODE, T.APPOINTMENT_RESERVED, T.PAYMENT_FAILED}
    await leaves(system, told)

    # Booked and paid for; moved.
    visitor, visit = await paid(system, slots[2])
    told |= {T.APPOINTMENT_CONFIRMED, T.PAYMENT_RECEIPT}
    await leaves(system, told)
    moved = await visitor.call(
        "POST", f"{visit}/reschedule", {"slot_id": slots[6]["slot_id"]}, key=str(uuid4())
    )
    told |= {T.APPOINTMENT_RESCHEDULED, T.SCHEDULE_CHANGED}
    await leaves(system, told)

    # Cancelled: the money goes back, slowly, then not at all; somebody waits for the time.
    _, missed = await paid(system, slots[4])
    holder, given_up = await paid(system, slots[3])
    waiting = await system.patient()
    await waiting.call(
        "POST", "/api/v1/waitlist", {"doctor_id": doctor["doctor_id"], "consultation_type": "VIDEO"}
    )
    await system.sandbox.behave(system.merchant, refund_mode="manual")
    await holder.call("POST", f"{given_up}/cancel", {"reason_code": "ill"}, key=str(uuid4()))
    told |= {T.APPOINTMENT_CANCELLED, T.REFUND_INITIATED, T.WAITLIST_OFFERED}
    await leaves(system, told)
    (refund,) = (await system.sandbox.books(system.merchant)).refunds
    await system.sandbox.process_refund(refund["id"])
    told |= {T.REFUND_COMPLETED}
    await leaves(system, told)
    await system.sandbox.fail_refund(refund["id"])
    told |= {T.REFUND_FAILED, T.ADMIN_ALERT}
    await leaves(system, told)
    await system.sandbox.behave(system.merchant, refund_mode="auto")

    # The offer lapses, and money comes for a time that somebody else has by now.
    await system.clock.move(minutes=4, seconds=5)
    told |= {T.WAITLIST_OFFER_LAPSED}
    await leaves(system, told)
    await system.becomes(abandoning, abandoned, "expired")
    await paid(system, slots[0])
    await system.sandbox.pay(abandoned["payment"]["order_id"])
    told |= {T.PAYMENT_NOT_TAKEN}
    await leaves(system, told)

    # The day of the visits: one takes place and is paid out, one does not.
    starts_at, ends_at = (datetime.fromisoformat(moved[name]) for name in ("starts_at", "ends_at"))
    _, morning, _ = list_of(starts_at, "Asia/Kolkata")
    await system.clock.move_to(morning + timedelta(seconds=5))
    told |= {T.DOCTOR_DAILY_LIST}
    await leaves(system, told, or_not=frozenset({T.APPOINTMENT_REMINDER}))
    await system.clock.move_to(starts_at - timedelta(minutes=59))
    told |= {T.APPOINTMENT_REMINDER}
    await leaves(system, told)
    await system.clock.move_to(ends_at + timedelta(minutes=1))
    me, admin = [
        await system.sign_in(email=email) for email in (doctor["email"], system.admin.account["email"])
    ]
    absent = {"status": "no-show", "party": "doctor", "reason_code": "doctor-absent"}
    await me.call("PATCH", f"{missed}/status", absent, key=str(uuid4()))
    told |= {T.APPOINTMENT_NO_SHOW}
    await leaves(system, told)
    held = {"status": "completed", "reason_code": "visit-held"}
    await me.call("PATCH", f"{visit}/status", held, key=str(uuid4()))
    await system.settle()
    account = {"fund_account_id": await fund_account(system), **WHY}
    await admin.call("PUT", f"/api/v1/payouts/doctors/{doctor['doctor_id']}/fund-account", account)
    batch = await admin.call(
        "POST", "/api/v1/payouts/batches", {"until": "2099-12-31", **WHY}, key=str(uuid4())
    )
    await admin.call("POST", f"/api/v1/payouts/batches/{batch['batch_id']}/approve", WHY, key=str(uuid4()))
    await system.settle()
    await system.clock.move(minutes=2)
    await leaves(system, set(NotificationType))
