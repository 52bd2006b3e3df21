"""The buttons of the console: forms that carry a token which a page of another site cannot know."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from niyat.sandbox.pages import show
from niyat.sandbox.pages.deeds import ON_ACCOUNTS, ON_ENTITIES
from niyat.sandbox.pages.forms import OwnForm
from niyat.sandbox.razorpay import counter
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.world import TheWorld, World

router = APIRouter(include_in_schema=False)

_SEE_OTHER = 303
_PAGES = {"setl": "settlements", "disp": "disputes", "pout": "payouts", "down": "network"}


@router.post("/console/accounts/{key_id}")
async def press_of_account(key_id: str, world: TheWorld, form: OwnForm) -> Response:
    wanted = ON_ACCOUNTS.get(form.get("deed", ""))
    if wanted is None:
        raise HTTPException(422, "no such deed")
    actor, deed = wanted
    page = {"settle": "settlements", "add-funds": "payouts"}.get(form["deed"], "network")
    return _do(
        lambda: counter.act_for(world, key_id, actor, lambda desk: deed(desk, key_id, form)),
        f"/console/{page}",
    )


@router.post("/console/{entity_id}")
async def press(entity_id: str, world: TheWorld, form: OwnForm) -> Response:
    kind = entity_id.partition("_")[0]
    wanted = ON_ENTITIES.get((kind, form.get("deed", "")))
    if wanted is None:
        raise HTTPException(422, "no such deed")
    actor, deed = wanted
    back = (
        f"/console/{_PAGES[kind]}#{entity_id}"
        if kind in _PAGES
        else f"/console#{_order_of(world, entity_id)}"
    )
    return _do(lambda: counter.act(world, entity_id, actor, lambda desk: deed(desk, entity_id, form)), back)


def _do(deed: Callable[[], object], back: str) -> Response:
    try:
        deed()
    except counter.Unknown as unknown:
        raise HTTPException(404, str(unknown)) from None
    except Refusal as refusal:
        page = back.partition("#")[0]
        return show("refused.html", {"here": page, "problem": refusal.description}, status=409)
    return RedirectResponse(back, _SEE_OTHER)


def _order_of(world: World, entity_id: str) -> str:
    row = world.books.row(
        "SELECT id FROM orders WHERE id = ?1 UNION ALL SELECT order_id FROM payments WHERE id = ?1 OR id ="
        " (SELECT payment_id FROM refunds WHERE id = ?1)",
        entity_id,
    )
    return str(row["id"]) if row else ""
