"""`niyat demo`: one patient's whole journey over HTTP, step by step, with what each service recorded.

It uses nothing but the public API and the sandbox, so it is also the shortest example for an integrator.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from niyat.demo.clinic import load
from niyat.demo.session import DemoFailed, Session, call, sign_in
from niyat.kernel.money import Money

Say = Callable[[str], None]


async def run(address: str, sandbox_url: str, say: Say) -> None:
    """Sign in → free slots → hold → order → pay → confirmed → mails. Raises DemoFailed at the first wrong answer."""
    patient = load().patient
    phone = f"+9198{secrets.randbelow(10**8):08d}"  # a new patient each time: codes to one number are limited
    say(f"1  Sign in as {patient.name} with the code on the sandbox's phone ({phone})")
    me = await sign_in(address, sandbox_url, name=patient.name, phone=phone)
    email = f"ananya.{uuid4().hex[:8]}@patient.example"
    await me.call("PATCH", "/api/v1/accounts/me", {"email": email})

    doctor, slot = await _first_free(me)
    say(
        f"2  First free time of a paid doctor: {doctor['name']}, {_local(slot['starts_at'], doctor['time_zone'])}"
    )

    key = {"idempotency-key": f"demo-{uuid4()}"}
    wish = {"slot_id": slot["slot_id"], "consultation_type": slot["consultation_types"][0]}
    booking = await me.call("POST", "/appointments", wish, headers=key)
    appointment, payment = booking["appointment"], booking["payment"]
    say(
        f"3  Held until {_local(appointment['hold_expires_at'], doctor['time_zone'])} as {appointment['status']}"
    )
    say(f"   Order {payment['order_id']} for {Money(payment['amount'], payment['currency'])}")
    again = await me.call("POST", "/appointments", wish, headers=key)
    if again["appointment"]["appointment_id"] != appointment["appointment_id"]:
        raise DemoFailed("the same request with the same key booked twice")
    say("   The same request sent again got the same booking")

    async with httpx.AsyncClient(base_url=sandbox_url, timeout=30) as sandbox:
        paid = await call(
            sandbox,
            "POST",
            f"/control/orders/{payment['order_id']}/pay",
            {"method": "upi", "outcome": "authorized"},
        )
        say(f"4  Paid at the checkout: {paid['razorpay_payment_id']}")
        path = f"/appointments/{appointment['appointment_id']}/confirm-payment"
        await me.call(
            "POST", path, {name: paid[name] for name in sorted(paid) if name.startswith("razorpay_")}
        )
        confirmed = await _confirmed(me, appointment["appointment_id"])
        say(f"5  The appointment is {confirmed['status']}; its money is {confirmed['payment']['status']}")
        mails = await _mails(sandbox, email, 2)
    for mail in mails:
        say(f"6  Mail: {mail['subject']}")
    local = _clock_time(appointment["starts_at"], doctor["time_zone"])
    if not any(local in mail["text"] for mail in mails):
        raise DemoFailed(f"no mail names the local time {local}")
    say(f"   The confirmation names the local time {local}")
    await _show_money(me, say)
    await me.http.aclose()


async def _first_free(me: Session) -> tuple[Any, Any]:
    doctors = (await me.call("GET", "/api/v1/doctors?limit=100"))["items"]
    for doctor in sorted(doctors, key=lambda d: d["first_free_at"] or "9"):
        if doctor["fee_amount"] and doctor["first_free_at"]:
            day = doctor["first_free_at"][:10]
            path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/slots"
            slots = (await me.call("GET", path, params={"from": day}))["items"]
            if slots:
                return doctor, slots[0]
    raise DemoFailed("no paid doctor has a free time")


async def _confirmed(me: Session, appointment_id: str) -> Any:
    """The appointment once it is confirmed and shows its payment; asked again until then, at most 60 times."""
    for _ in range(60):
        appointment = await me.call("GET", f"/api/v1/appointments/{appointment_id}")
        if (
            appointment["status"] == "confirmed"
            and (appointment["payment"] or {}).get("status") == "captured"
        ):
            return appointment
        await asyncio.sleep(0.25)
    raise DemoFailed(f"the appointment stayed {appointment['status']}")


async def _mails(sandbox: httpx.AsyncClient, email: str, count: int) -> list[Any]:
    """The first `count` mails to `email`."""
    mails: list[Any] = []
    for _ in range(count):
        after = max((mail["id"] for mail in mails), default=0)
        mails += await call(
            sandbox, "GET", "/mailbox", params={"to": email, "after": after, "wait_seconds": 15}
        )
        if len(mails) >= count:
            return mails
    raise DemoFailed(f"{len(mails)} of {count} mails came")


async def _show_money(me: Session, say: Say) -> None:
    payments = (await me.call("GET", f"/api/v1/payments/user/{me.account['account_id']}"))["items"]
    for line in payments[:1]:
        say(
            f"7  Payments recorded: {Money(line['amount'], line['currency'])} {line['status']} ({line['order_id']})"
        )


def _local(instant: str, zone: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)):%a %d %b %Y %H:%M} ({zone})"


def _clock_time(instant: str, zone: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)):%H:%M}"
