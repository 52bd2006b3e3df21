"""Control of mail, text messages and push messages: whose keys are accepted, and what comes later."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, Field

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.forms import Form
from niyat.sandbox.fcm import FATES
from niyat.sandbox.postman import Order, Postman
from niyat.sandbox.world import TheWorld

router = guarded_router()

Number = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]


class Dlt(BaseModel):
    """What is registered in India: a sender, and wordings with `{#var#}` where words change."""

    header: str
    templates: list[str]


class PhoneBehaviour(Form):
    account_sid: str
    callbacks: Literal["deliver", "hold", "drop"] = "deliver"
    dlt: Dlt | None = None


class OptOut(Form):
    number: Number
    opted_out: bool = True


class Flush(Form):
    sender: str
    """An account's SID, or the address that mails come back to."""
    order: Order = "oldest-first"
    again: bool = False


class MailReturns(Form):
    address: str
    url: str
    secret: str


class PushProject(Form):
    project_id: str
    client_email: str
    public_key: str


class Fate(Form):
    device: str
    fate: str
    """One of the names in `FATES`; anything else: it takes messages."""


@router.post("/phone/behaviour")
async def behave(form: PhoneBehaviour, world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        world.books.run(
            "INSERT INTO phone_behaviours (sid, callbacks, dlt) VALUES (?, ?, ?)"
            " ON CONFLICT (sid) DO UPDATE SET callbacks = excluded.callbacks, dlt = excluded.dlt",
            form.account_sid,
            form.callbacks,
            json.dumps(form.dlt.model_dump()) if form.dlt else None,
        )
    return {}


@router.post("/phone/opt-outs")
async def opt_out(form: OptOut, world: TheWorld) -> dict[str, object]:
    """The person answers STOP, or START."""
    with world.books.transaction():
        if form.opted_out:
            world.books.run("INSERT OR IGNORE INTO phone_opt_outs (number) VALUES (?)", form.number)
        else:
            world.books.run("DELETE FROM phone_opt_outs WHERE number = ?", form.number)
    return {}


@router.post("/posts/flush")
async def flush(form: Flush, request: Request) -> dict[str, object]:
    """Deliver what is held or waiting; with `again`, all of it once more."""
    postman: Postman = request.app.state.postman
    return {"sent": await postman.flush(form.sender, form.order, again=form.again)}


@router.get("/posts")
async def posts(sender: str, world: TheWorld) -> dict[str, object]:
    rows = world.books.rows(
        "SELECT about, what, state, status, problem FROM posts WHERE sender = ? ORDER BY id", sender
    )
    return {"posts": [dict(row) for row in rows]}


@router.post("/mail/returns")
async def register_returns(form: MailReturns, world: TheWorld) -> dict[str, object]:
    """Mails to `address` (and `<local>+<anything>@<domain>`) that come back are posted to `url`."""
    with world.books.transaction():
        world.books.run(
            "INSERT INTO mail_returns_to (address, url, secret) VALUES (?, ?, ?)"
            " ON CONFLICT (address) DO UPDATE SET url = excluded.url, secret = excluded.secret",
            form.address,
            form.url,
            form.secret,
        )
    return {}


@router.post("/push/projects")
async def register_project(form: PushProject, world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        world.books.run(
            "INSERT INTO push_projects (project_id, client_email, public_key) VALUES (?, ?, ?)"
            " ON CONFLICT (project_id) DO UPDATE"
            " SET client_email = excluded.client_email, public_key = excluded.public_key",
            form.project_id,
            form.client_email,
            form.public_key,
        )
    return {}


@router.post("/push/devices")
async def decide(form: Fate, world: TheWorld) -> dict[str, object]:
    """The app is removed from a device, say."""
    with world.books.transaction():
        world.books.run(
            "INSERT INTO push_fates (device, fate) VALUES (?, ?)"
            " ON CONFLICT (device) DO UPDATE SET fate = excluded.fate",
            form.device,
            form.fate,
        )
    return {"known": form.fate in FATES}
