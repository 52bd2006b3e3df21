"""Control of the world around: the clock, faults of calls, faults of mail, phone accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import HTTPException
from pydantic import AwareDatetime, Field

from niyat.sandbox import faults
from niyat.sandbox.clock import ClockWouldRunBackwards
from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.forms import Form
from niyat.sandbox.world import TheWorld

router = guarded_router()


class ClockForm(Form):
    """Set `now` (RFC 3339 with offset, or Unix seconds) or shift it; freeze it there or let it tick."""

    now: AwareDatetime | None = None
    shift_seconds: Annotated[float, Field(ge=0)] = 0
    freeze: bool | None = None


class FaultForm(Form):
    key_id: str
    """A merchant's key id or a phone account's SID."""
    operation: str
    """Such as `payments.refund`; `*` for any."""
    kind: faults.Kind
    times: Annotated[int, Field(ge=1)] = 1
    seconds: Annotated[float, Field(ge=0, le=600)] = 0
    after_effect: bool = False
    """For `reset` and `http-…`: the effect happens all the same."""
    description: str | None = None


class MailFault(Form):
    mode: Literal["4xx", "5xx", "drop-after-data"]
    times: Annotated[int, Field(ge=1)] = 1
    stage: Literal["rcpt", "data"] = "data"
    to: str | None = None
    """Only mail to this address."""


class PhoneAccount(Form):
    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: str


@router.get("/clock")
async def read_clock(world: TheWorld) -> dict[str, object]:
    return {"now": world.clock.now(), "frozen": world.clock.frozen}


@router.post("/clock")
async def set_clock(form: ClockForm, world: TheWorld) -> dict[str, object]:
    start = None if form.now is None else form.now.timestamp()
    frozen = world.clock.frozen if form.freeze is None else form.freeze
    try:
        world.clock.move(start, form.shift_seconds, frozen=frozen)
    except ClockWouldRunBackwards:
        raise HTTPException(409, "the sandbox's clock never runs backwards") from None
    world.news.ring()
    return await read_clock(world)


@router.post("/faults")
async def add_fault(form: FaultForm, world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        added = world.books.run(
            "INSERT INTO faults (key_id, operation, kind, times_left, seconds, after_effect, description)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            form.key_id,
            form.operation,
            form.kind,
            form.times,
            form.seconds,
            form.after_effect,
            form.description,
        )
    return {"id": added.lastrowid}


@router.get("/faults")
async def list_faults(world: TheWorld, key_id: str | None = None) -> dict[str, object]:
    rows = world.books.rows(
        "SELECT * FROM faults WHERE times_left > 0 AND (?1 IS NULL OR key_id = ?1) ORDER BY id", key_id
    )
    return {"faults": [dict(row) for row in rows]}


@router.delete("/faults")
async def clear_faults(world: TheWorld, key_id: str | None = None) -> dict[str, object]:
    with world.books.transaction():
        gone = world.books.run("DELETE FROM faults WHERE ?1 IS NULL OR key_id = ?1", key_id)
    return {"cleared": gone.rowcount}


@router.post("/mail/faults")
async def add_mail_fault(form: MailFault, world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        added = world.books.run(
            "INSERT INTO mail_faults (mode, stage, recipient, times_left) VALUES (?, ?, ?, ?)",
            form.mode,
            form.stage,
            form.to,
            form.times,
        )
    return {"id": added.lastrowid}


@router.delete("/mail/faults")
async def clear_mail_faults(world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        gone = world.books.run("DELETE FROM mail_faults")
    return {"cleared": gone.rowcount}


@router.post("/phone/accounts")
async def register_phone(form: PhoneAccount, world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        world.books.run(
            "INSERT INTO phone_accounts (sid, auth_token) VALUES (?, ?)"
            " ON CONFLICT (sid) DO UPDATE SET auth_token = excluded.auth_token",
            form.account_sid,
            form.auth_token,
        )
    return {"account_sid": form.account_sid}
