"""The overview, and the payments console: be the patient, the bank, or the gateway's dashboard, by buttons.

Its forms carry a token that a page of another site cannot know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from niyat.sandbox.pages import show
from niyat.sandbox.pages.forms import OwnForm
from niyat.sandbox.razorpay import checkout, counter, ledger, payments, refunds
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Payment, Refund
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.ledger import Actor
from niyat.sandbox.razorpay.payments import Attempt, Failure
from niyat.sandbox.world import TheWorld

router = APIRouter(include_in_schema=False)

Deed = Callable[[Desk, str, Mapping[str, str]], object]

_SEE_OTHER = 303
_SHOWN_ORDERS = 50
_RUPEES = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def _attempt(outcome: checkout.Outcome) -> Deed:
    return lambda desk, entity_id, form: checkout.pay(
        desk, entity_id, Attempt(method="upi"), outcome, Failure()
    )


def _to_payment(change: Callable[[Desk, Payment], object]) -> Deed:
    return lambda desk, entity_id, form: change(desk, payments.fetch(desk, entity_id))


def _to_refund(change: Callable[[Desk, Refund], object]) -> Deed:
    return lambda desk, entity_id, form: change(desk, refunds.fetch(desk, entity_id))


def _refund(desk: Desk, payment_id: str, form: Mapping[str, str]) -> object:
    """All that is left when no amount is given."""
    rupees = form.get("rupees", "").replace(",", "").strip()
    if not rupees:
        return refunds.create(desk, payment_id, {}, None)
    if not _RUPEES.fullmatch(rupees):
        raise Refusal("Write the amount in rupees, such as 250 or 99.50.")
    return refunds.create(desk, payment_id, {"amount": int(Decimal(rupees) * 100)}, None)


_DEEDS: Mapping[tuple[str, str], tuple[Actor, Deed]] = {
    ("order", "pay"): ("checkout", _attempt("authorized")),
    ("order", "fail"): ("checkout", _attempt("failed")),
    ("order", "pend"): ("checkout", _attempt("pending")),
    ("pay", "authorize"): (
        "razorpay",
        _to_payment(lambda desk, payment: checkout.answer_yes(desk, payment, force=False)),
    ),
    ("pay", "fail"): ("razorpay", _to_payment(lambda desk, payment: payments.fail(desk, payment, Failure()))),
    ("pay", "capture"): ("dashboard", _to_payment(payments.capture)),
    ("pay", "give-back"): ("razorpay", _to_payment(refunds.give_back_uncaptured)),
    ("pay", "refund"): ("dashboard", _refund),
    ("rfnd", "process"): ("razorpay", _to_refund(refunds.process)),
    ("rfnd", "fail-refund"): ("razorpay", _to_refund(refunds.fail)),
}


@router.get("/")
async def overview(world: TheWorld) -> Response:
    counted = world.books.row(
        "SELECT (SELECT count(*) FROM mails) AS mails, (SELECT count(*) FROM texts) AS texts,"
        " (SELECT count(*) FROM orders) AS orders"
    )
    numbers = dict(counted) if counted else {}
    return show("index.html", {"here": "/", "now": world.clock.now(), **numbers})


@router.get("/console")
async def console(world: TheWorld) -> Response:
    """The latest orders of all accounts, newest first."""
    rows = world.books.rows("SELECT key_id, doc FROM orders ORDER BY seq DESC LIMIT ?", _SHOWN_ORDERS)
    orders = []
    for row in rows:
        order = json.loads(row["doc"])
        made = ledger.payments_of_order(world.books, order["id"])
        held = any(payment["status"] in ("authorized", "captured") for payment in made)
        order |= {
            "key_id": row["key_id"],
            "spoken_for": held or order["status"] == "paid",
            "payments": [
                {**payment, "refunds": ledger.refunds_of_payment(world.books, payment["id"])}
                for payment in made
            ],
        }
        orders.append(order)
    return show("console.html", {"here": "/console", "orders": orders, "token": world.form_token})


@router.post("/console/{entity_id}")
async def press(entity_id: str, world: TheWorld, form: OwnForm) -> Response:
    wanted = _DEEDS.get((entity_id.partition("_")[0], form.get("deed", "")))
    if wanted is None:
        raise HTTPException(422, "no such deed")
    actor, deed = wanted
    try:
        counter.act(world, entity_id, actor, lambda desk: deed(desk, entity_id, form))
    except counter.Unknown as unknown:
        raise HTTPException(404, str(unknown)) from None
    except Refusal as refusal:
        return show("refused.html", {"here": "/console", "problem": refusal.description}, status=409)
    return RedirectResponse(f"/console#{_order_of(world, entity_id)}", _SEE_OTHER)


def _order_of(world: TheWorld, entity_id: str) -> str:
    row = world.books.row(
        "SELECT id FROM orders WHERE id = ?1 UNION ALL SELECT order_id FROM payments WHERE id = ?1 OR id ="
        " (SELECT payment_id FROM refunds WHERE id = ?1)",
        entity_id,
    )
    return str(row["id"]) if row else ""
