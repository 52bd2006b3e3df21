"""Control of the merchants: register one, change how its money behaves, read its books."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from fastapi import HTTPException

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.forms import Form
from niyat.sandbox.razorpay import merchants, statement
from niyat.sandbox.world import TheWorld

router = guarded_router()


class Registration(Form):
    key_id: str
    key_secret: str
    webhook_url: str
    webhook_secret: str
    account_id: str | None = None


class Behaviour(Form):
    default_capture: Literal["automatic", "manual"] = "automatic"
    refund_mode: Literal["auto", "manual"] = "auto"


@router.post("/accounts")
async def register(form: Registration, world: TheWorld) -> dict[str, object]:
    merchant = merchants.register(
        world.books, form.key_id, form.key_secret, form.webhook_url, form.webhook_secret, form.account_id
    )
    return asdict(merchant)


@router.patch("/accounts/{key_id}")
async def behave(key_id: str, form: Behaviour, world: TheWorld) -> dict[str, object]:
    """Fields left out keep their value."""
    present = known(world, key_id)
    given = form.model_dump(exclude_unset=True)
    with world.books.transaction():
        world.books.run(
            "UPDATE merchants SET default_capture = ?, refund_mode = ? WHERE key_id = ?",
            given.get("default_capture", present.default_capture),
            given.get("refund_mode", present.refund_mode),
            key_id,
        )
    return asdict(known(world, key_id))


@router.get("/accounts/{key_id}/books")
async def books(key_id: str, world: TheWorld) -> dict[str, object]:
    return {"account": asdict(known(world, key_id)), **statement.of(world.books, key_id)}


def known(world: TheWorld, key_id: str) -> merchants.Merchant:
    merchant = merchants.find(world.books, key_id)
    if merchant is None:
        raise HTTPException(404, f"no account {key_id!r}: register it first")
    return merchant
