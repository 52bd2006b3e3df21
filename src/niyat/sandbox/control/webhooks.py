"""Control of webhooks: settings per account, the list of events with their tries, replay and flush."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import HTTPException, Request
from pydantic import Field

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.forms import Form
from niyat.sandbox.control.merchants import known
from niyat.sandbox.razorpay.courier import Courier, Try
from niyat.sandbox.world import TheWorld, World

router = guarded_router()


class Settings(Form):
    """Fields left out keep their value. Any change turns a disabled webhook on again."""

    key_id: str
    mode: Literal["deliver", "hold", "drop"] | None = None
    delay_seconds: Annotated[float, Field(ge=0)] | None = None
    duplicate: Annotated[int, Field(ge=0, le=20)] | None = None
    """How many times more each event is delivered."""
    sign_with: Literal["current", "old", "garbage", "missing"] | None = None
    corrupt: Literal["none", "cut", "altered", "reserialised"] | None = None
    """What happens to the bytes after signing: cut short, one digit changed, or the same JSON written anew."""
    retry_seconds: Annotated[float, Field(gt=0)] | None = None
    """The first backoff; it doubles each time, up to an hour."""


class Flush(Form):
    key_id: str
    order: Literal["oldest-first", "newest-first", "shuffled"] = "oldest-first"
    include_dropped: bool = False


@router.post("/webhooks/settings")
async def settings(form: Settings, world: TheWorld) -> dict[str, object]:
    known(world, form.key_id)
    with world.books.transaction():
        world.books.run(
            "UPDATE merchants SET webhook_disabled = 0, webhook_mode = ifnull(?, webhook_mode),"
            " webhook_delay_seconds = ifnull(?, webhook_delay_seconds),"
            " webhook_duplicate = ifnull(?, webhook_duplicate),"
            " webhook_sign_with = ifnull(?, webhook_sign_with), webhook_corrupt = ifnull(?, webhook_corrupt),"
            " webhook_retry_seconds = ifnull(?, webhook_retry_seconds) WHERE key_id = ?",
            form.mode,
            form.delay_seconds,
            form.duplicate,
            form.sign_with,
            form.corrupt,
            form.retry_seconds,
            form.key_id,
        )
    return asdict(known(world, form.key_id))


@router.get("/webhooks")
async def events(world: TheWorld, key_id: str) -> dict[str, object]:
    """Every event of the account, oldest first, with its exact body and all tries."""
    found = world.books.rows(
        "SELECT id, event, entity_id, state, created_at, due_at, failures, CAST(body AS TEXT) AS body"
        " FROM webhook_events WHERE key_id = ? ORDER BY seq",
        key_id,
    )
    tries = world.books.rows(
        "SELECT t.event_id, t.at, t.url, t.signature, t.status, t.problem FROM webhook_tries t"
        " JOIN webhook_events e ON e.id = t.event_id WHERE e.key_id = ? ORDER BY t.seq",
        key_id,
    )
    return {
        "events": [
            {**dict(row), "tries": [dict(one) for one in tries if one["event_id"] == row["id"]]}
            for row in found
        ]
    }


@router.post("/webhooks/flush")
async def flush(form: Flush, world: TheWorld, request: Request) -> dict[str, object]:
    """Deliver everything undelivered now, one after the other, whatever its state or due time."""
    rows = world.books.rows(
        "SELECT id FROM webhook_events WHERE key_id = ?"
        " AND (state IN ('waiting', 'held') OR (? AND state = 'dropped')) ORDER BY seq",
        form.key_id,
        form.include_dropped,
    )
    ids: Sequence[str] = [row["id"] for row in rows]
    if form.order == "newest-first":
        ids = ids[::-1]
    elif form.order == "shuffled":
        ids = random.sample(ids, len(ids))
    courier: Courier = request.app.state.courier
    return {
        "sent": [
            _shown(await courier.send(event_id)) for event_id in ids if not _is_delivered(world, event_id)
        ]
    }


def _is_delivered(world: World, event_id: str) -> bool:
    """The courier may have been faster."""
    row = world.books.row("SELECT state FROM webhook_events WHERE id = ?", event_id)
    return row is not None and row["state"] == "delivered"


@router.post("/webhooks/{event_id}/send")
async def send(event_id: str, world: TheWorld, request: Request, times: int = 1) -> dict[str, object]:
    """Deliver one event now, again or for the first time; `times` at once, as a race."""
    if world.books.row("SELECT id FROM webhook_events WHERE id = ?", event_id) is None:
        raise HTTPException(404, f"no event {event_id!r}")
    courier: Courier = request.app.state.courier
    tries = await asyncio.gather(*(courier.send_copy(event_id) for _ in range(times)))
    return {"sent": [_shown(one) for one in tries]}


def _shown(attempt: Try) -> dict[str, object]:
    return {**asdict(attempt), "delivered": attempt.delivered}
