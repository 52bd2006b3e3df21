"""The overview, and the payments console: be the patient, the bank, or the gateway's dashboard, by buttons."""

from __future__ import annotations

import json

from fastapi import APIRouter, Response

from niyat.sandbox.pages import show
from niyat.sandbox.razorpay import ledger, store
from niyat.sandbox.world import TheWorld

router = APIRouter(include_in_schema=False)

_SHOWN_ORDERS = 50


@router.get("/")
async def overview(world: TheWorld) -> Response:
    counted = world.books.row(
        "SELECT (SELECT count(*) FROM mails) AS mails, (SELECT count(*) FROM texts) AS texts,"
        " (SELECT count(*) FROM pushes) AS pushes, (SELECT count(*) FROM orders) AS orders"
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
                {
                    **payment,
                    "refunds": ledger.refunds_of_payment(world.books, payment["id"]),
                    "disputes": store.of_parent(world.books, "dispute", payment["id"]),
                }
                for payment in made
            ],
        }
        orders.append(order)
    return show("console.html", {"here": "/console", "orders": orders, "token": world.form_token})
