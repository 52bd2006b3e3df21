"""Steps that journeys through the whole system have in common."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.support.sandbox import Json
from tests.support.system import PATIENCE_SECONDS, Caller, System

PRICE = 50_000


def order_of(booking: Json) -> str:
    return str(booking["payment"]["order_id"])


def path_of(booking: Json) -> str:
    return f"/api/v1/appointments/{booking['appointment']['appointment_id']}"


async def paid_visit(system: System, who: Caller, slot: Json) -> Json:
    """Booked, paid for and confirmed; everything that follows from it has happened."""
    booking = await system.book(who, slot)
    await system.sandbox.pay(order_of(booking))
    await system.becomes(who, booking, "confirmed")
    await system.settle()
    return booking


async def cancel(who: Caller, booking: Json) -> Json:
    said = {"reason_code": "patient-request"}
    shown: Json = await who.call("POST", f"{path_of(booking)}/cancel", said, key=str(uuid4()))
    return shown


async def move_visit(who: Caller, booking: Json, slot: Json) -> Json:
    said = {"slot_id": slot["slot_id"]}
    shown: Json = await who.call("POST", f"{path_of(booking)}/reschedule", said, key=str(uuid4()))
    return shown


async def subjects(system: System, who: Caller, **more: Any) -> list[str]:
    """Of the mails that arrived, the oldest first."""
    return [mail["subject"] for mail in reversed(await system.sandbox.mails(who.account["email"], **more))]


async def arriving(system: System, phone: str, *, after: int = 0) -> list[Json]:
    """The text messages that come next."""
    for _ in range(4):
        if found := await system.sandbox.texts(phone, after=after, wait_seconds=PATIENCE_SECONDS):
            return found
    raise AssertionError("no text message came")


async def staff_are_told(system: System) -> None:
    """Returns once administrators have their mails of what happened: who they are is asked for by a job of its own."""
    for _ in range(2):
        await system.settle()


async def books_say(system: System, *, captured: int, refunded: int, captures: int) -> None:
    """What the sandbox's own books say in the end."""
    await system.settle()
    books = await system.sandbox.books(system.merchant)
    assert (books.captured, books.refunded, books.count("payment.captured")) == (captured, refunded, captures)
