"""The console's pages beside payments: settlements, disputes, payouts, and the network between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from niyat.sandbox import faults
from niyat.sandbox.control.merchants import change, known
from niyat.sandbox.control.world import FaultForm, add_fault
from niyat.sandbox.pages import show
from niyat.sandbox.pages.forms import OwnForm
from niyat.sandbox.razorpay import downtimes, store
from niyat.sandbox.razorpay.courier import Courier
from niyat.sandbox.world import TheWorld, World

router = APIRouter(include_in_schema=False)

_SEE_OTHER = 303
_SHOWN = 100
_OPERATIONS = (
    "orders.create",
    "orders.list",
    "orders.payments",
    "payments.fetch",
    "payments.capture",
    "payments.refund",
    "refunds.fetch",
    "settlements.report",
    "disputes.contest",
    "payouts.create",
    "payouts.fetch",
    "*",
)
_WEBHOOK_CHOICES: Mapping[str, tuple[str, ...]] = {
    "webhook_mode": ("deliver", "hold", "drop"),
    "webhook_sign_with": ("current", "old", "garbage", "missing"),
    "webhook_corrupt": ("none", "cut", "altered", "reserialised"),
    "webhook_duplicate": ("0", "1", "2", "5"),
    "webhook_delay_seconds": ("0", "10", "60", "3600"),
}


@router.get("/console/settlements")
async def settlements_page(world: TheWorld) -> Response:
    found = _latest(world, "settlement")
    for settlement in found:
        rows = world.books.rows(
            "SELECT doc FROM recon_rows WHERE settlement_id = ? ORDER BY seq", settlement["id"]
        )
        settlement["rows"] = [json.loads(row["doc"]) for row in rows]
    unsettled = world.books.rows(
        "SELECT m.key_id, ifnull(sum(i.credit - i.debit), 0) AS amount, count(i.seq) AS items FROM merchants m"
        " LEFT JOIN balance_items i ON i.key_id = m.key_id AND i.settlement_id IS NULL"
        " GROUP BY m.key_id ORDER BY items DESC LIMIT 10"
    )
    return _page(world, "settlements", {"settlements": found, "accounts": unsettled})


@router.get("/console/disputes")
async def disputes_page(world: TheWorld) -> Response:
    return _page(world, "disputes", {"disputes": _latest(world, "dispute")})


@router.get("/console/payouts")
async def payouts_page(world: TheWorld) -> Response:
    found = _latest(world, "payout")
    for payout in found:
        row = world.books.row("SELECT doc FROM entities WHERE id = ?", payout["fund_account_id"])
        account = json.loads(row["doc"]) if row else {}
        payout["to"] = account.get("vpa", {}).get("address") or account.get("bank_account", {}).get(
            "name", ""
        )
    accounts = world.books.rows(
        "SELECT key_id, payout_balance AS amount FROM merchants ORDER BY rowid DESC LIMIT 10"
    )
    return _page(world, "payouts", {"payouts": found, "accounts": accounts})


@router.get("/console/network")
async def network_page(world: TheWorld) -> Response:
    """Webhooks, faults of calls, and downtimes."""
    values = {
        "accounts": world.books.rows("SELECT * FROM merchants ORDER BY rowid DESC LIMIT 10"),
        "choices": _WEBHOOK_CHOICES,
        "operations": _OPERATIONS,
        "kinds": faults.KINDS,
        "faults": world.books.rows("SELECT * FROM faults WHERE times_left > 0 ORDER BY id"),
        "events": world.books.rows(
            "SELECT id, event, entity_id, state, created_at, failures FROM webhook_events"
            " ORDER BY seq DESC LIMIT ?",
            _SHOWN,
        ),
        "downtimes": _latest(world, "downtime"),
        "methods": get_args(downtimes.Troubled),
    }
    return _page(world, "network", values)


@router.post("/console/network/{key_id}")
async def behave(key_id: str, world: TheWorld, form: OwnForm) -> Response:
    """The account's webhooks from now on; that also turns a disabled webhook on again."""
    known(world, key_id)
    wrong = [name for name, possible in _WEBHOOK_CHOICES.items() if form.get(name) not in possible]
    if wrong:
        raise HTTPException(422, f"not possible: {', '.join(wrong)}")
    change(world, key_id, {name: form[name] for name in _WEBHOOK_CHOICES} | {"webhook_disabled": 0})
    return RedirectResponse("/console/network", _SEE_OTHER)


@router.post("/console/faults/{key_id}")
async def fault(key_id: str, world: TheWorld, form: OwnForm) -> Response:
    """The next calls of an operation go wrong."""
    known(world, key_id)
    kind = next((one for one in faults.KINDS if one == form.get("kind")), None)
    times, seconds = form.get("times", "1"), form.get("seconds", "10")
    if kind is None or form.get("operation") not in _OPERATIONS or not (times + seconds).isdigit():
        raise HTTPException(422, "no such fault")
    wanted = FaultForm(
        key_id=key_id,
        operation=form["operation"],
        kind=kind,
        times=max(1, min(int(times), 100)),
        seconds=min(int(seconds), 600),
        after_effect=form.get("after_effect") == "yes",
    )
    await add_fault(wanted, world)
    return RedirectResponse("/console/network#faults", _SEE_OTHER)


@router.post("/console/events/{event_id}")
async def send(event_id: str, world: TheWorld, form: OwnForm, request: Request) -> Response:
    """Send one webhook now, again or for the first time."""
    courier: Courier = request.app.state.courier
    try:
        await courier.send_copy(event_id)
    except KeyError:
        raise HTTPException(404, f"no event {event_id!r}") from None
    return RedirectResponse("/console/network#events", _SEE_OTHER)


def _latest(world: World, kind: store.Kind) -> list[dict[str, Any]]:
    rows = world.books.rows(
        "SELECT key_id, doc FROM entities WHERE kind = ? ORDER BY seq DESC LIMIT ?", kind, _SHOWN
    )
    return [{**json.loads(row["doc"]), "key_id": row["key_id"]} for row in rows]


def _page(world: World, name: str, values: Mapping[str, object]) -> Response:
    return show(f"{name}.html", {"here": f"/console/{name}", "token": world.form_token, **values})
