"""Control of the merchants: register one, change how its money behaves, read its books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import HTTPException
from pydantic import Field

from niyat.sandbox.books import Value
from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.forms import Form
from niyat.sandbox.razorpay import merchants, statement
from niyat.sandbox.world import TheWorld, World

router = guarded_router()


class Registration(Form):
    key_id: str
    key_secret: str
    webhook_url: str
    webhook_secret: str
    account_id: str | None = None


class Behaviour(Form):
    """Fields left out keep their value."""

    default_capture: Literal["automatic", "manual"] | None = None
    """How payments are captured whose order says nothing."""
    refund_mode: Literal["auto", "manual"] | None = None
    """`manual`: refunds stay pending until decided."""
    instant_refunds: Literal["possible", "impossible"] | None = None
    """`impossible`: a refund asked for at optimum speed goes at the normal one."""
    low_balance: Literal["allowed", "refused"] | None = None
    """`refused`: a refund that the unsettled balance cannot pay is refused."""
    settlement_days: Annotated[int, Field(ge=0, le=30)] | None = None
    """Settle by itself after so many working days; None (given): only when told."""
    payout_account_number: str | None = None
    payout_mode: Literal["auto", "manual"] | None = None
    """`manual`: payouts stay processing until decided."""
    payout_approval: Literal["none", "required"] | None = None
    payout_balance: int | None = None
    """Of the business account, in paise."""


@router.post("/accounts")
async def register(form: Registration, world: TheWorld) -> dict[str, object]:
    merchant = merchants.register(
        world.books, form.key_id, form.key_secret, form.webhook_url, form.webhook_secret, form.account_id
    )
    return asdict(merchant)


@router.patch("/accounts/{key_id}")
async def behave(key_id: str, form: Behaviour, world: TheWorld) -> dict[str, object]:
    known(world, key_id)
    return asdict(change(world, key_id, form.model_dump(exclude_unset=True)))


def change(world: World, key_id: str, settings: Mapping[str, Value]) -> merchants.Merchant:
    """Set columns of the account; their names are those of Merchant."""
    with world.books.transaction():
        for name, value in settings.items():
            world.books.run(f"UPDATE merchants SET {name} = ? WHERE key_id = ?", value, key_id)  # noqa: S608
    world.news.ring()
    return known(world, key_id)


@router.get("/accounts/{key_id}/books")
async def books(key_id: str, world: TheWorld) -> dict[str, object]:
    return {"account": asdict(known(world, key_id)), **statement.of(world.books, key_id)}


def known(world: World, key_id: str) -> merchants.Merchant:
    merchant = merchants.find(world.books, key_id)
    if merchant is None:
        raise HTTPException(404, f"no account {key_id!r}: register it first")
    return merchant
