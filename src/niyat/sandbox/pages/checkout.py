"""The checkout as a patient meets it: checkout.js, the page in its frame, and the same page full-size."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from niyat.sandbox.pages import STATIC, show
from niyat.sandbox.pages.forms import AnyForm
from niyat.sandbox.razorpay import ledger, merchants, payments, sessions, till
from niyat.sandbox.razorpay.counter import act
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.instruments import BANKS, CARDS, UPI_IDS, WALLETS
from niyat.sandbox.razorpay.sessions import Session
from niyat.sandbox.world import TheWorld, World

router = APIRouter(prefix="/razorpay", include_in_schema=False)

_SEE_OTHER = 303
_TITLES = {"card": "Card", "upi": "UPI", "netbanking": "Netbanking", "wallet": "Wallet"}


@router.get("/checkout.js")
async def script() -> Response:
    headers = {
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return FileResponse(STATIC / "checkout.js", media_type="text/javascript", headers=headers)


@router.post("/v1/checkout/embedded")
async def hosted(world: TheWorld, form: AnyForm) -> Response:
    """The merchant's page sends the patient here, with the order and the addresses to return to."""
    return _open(world, form.get("order_id", ""), form, origin=None)


@router.get("/checkout/{order_id}")
async def framed(order_id: str, request: Request, world: TheWorld) -> Response:
    """checkout.js opens this in a frame; `origin` is the page around it. Without one it is a page itself."""
    given = dict(request.query_params)
    return _open(world, order_id, given, origin=given.get("origin"))


@router.get("/checkout/{order_id}/{token}")
async def page(order_id: str, token: str, world: TheWorld, method: str | None = None) -> Response:
    session = _known(world, order_id, token)
    if session.state in ("choose", "failed") and method in till.METHODS:
        session.method = method
        if session.state == "failed" and session.retry:
            session.state = "choose"  # on the page only: the checkout moves on when something is sent
    return _page(world, session, {}, None)


@router.post("/checkout/{order_id}/{token}")
async def press(order_id: str, token: str, world: TheWorld, form: AnyForm) -> Response:
    deed = next((deed for deed in till.DEEDS if deed == form.get("deed", "pay")), None)
    if deed is None:
        raise HTTPException(422, f"deed is one of {', '.join(till.DEEDS)}")
    session = _known(world, order_id, token)

    def action(desk: Desk) -> None:
        till.do(desk, session, deed, form)
        sessions.save(desk.books, session)

    try:
        act(world, order_id, "checkout", action)
    except till.NotPossible as problem:
        session = _known(world, order_id, token)
        session.state, session.method = "choose", form.get("method", session.method)
        return _page(world, session, form, problem)
    return RedirectResponse(session.path, _SEE_OTHER)


def _known(world: World, order_id: str, token: str) -> Session:
    session = sessions.find(world.books, order_id, token)
    if session is None:
        raise HTTPException(404, "no such checkout")
    return session


def _open(world: World, order_id: str, given: Mapping[str, str], *, origin: str | None) -> Response:
    merchant = merchants.find(world.books, given.get("key_id", ""))
    order = ledger.find_order(world.books, merchant.key_id, order_id) if merchant else None
    try:
        if merchant is None:
            raise Refusal("The api key provided is invalid")
        if order is None:
            raise Refusal("The order id provided does not exist", field="order_id")
        desk = Desk(world.books, merchant, world.clock.now(), "checkout")
        session = sessions.begin(order, given, origin=origin)
        if payments.is_spoken_for(desk, order):
            raise Refusal("Payment already done for this order.")
    except Refusal as refusal:
        around = origin if origin is not None and sessions.is_origin(origin) else None
        values = {"problem": refusal.description, "origin": around, "message": None, "colour": None}
        return show("checkout_refused.html", values, status=400, framed_by=around or "'none'")
    with world.books.transaction():
        sessions.save(world.books, session)
    return RedirectResponse(session.path, _SEE_OTHER)


def _page(
    world: World, session: Session, form: Mapping[str, str], problem: till.NotPossible | None
) -> Response:
    key_id = ledger.key_of(world.books, session.order_id) or ""
    goes_back = session.callback_url is not None and session.origin is None
    if session.state == "failed" and not session.redirect:
        goes_back = False
    values = {
        "session": session,
        "order": ledger.find_order(world.books, key_id, session.order_id),
        "origin": session.origin,
        "colour": session.colour,
        "message": _message(session),
        "returned": _returned(session) if goes_back and session.state in ("paid", "failed") else None,
        "titles": _TITLES,
        "cards": CARDS,
        "upi_ids": UPI_IDS,
        "banks": BANKS,
        "wallets": WALLETS,
        "form": form,
        "problem": problem,
    }
    return show(
        "checkout.html",
        values,
        status=422 if problem else 200,
        framed_by=session.origin or "'none'",
        posts_to=[sessions.origin_of(session.callback_url)] if session.callback_url else [],
    )


def _message(session: Session) -> str | None:
    """What the frame tells checkout.js."""
    match session.state:
        case "paid":
            return json.dumps({"type": "paid", "response": session.result})
        case "failed":
            return json.dumps({"type": "failed", "response": session.result})
        case "gone":
            return json.dumps({"type": "gone"})
        case _:
            return None


def _returned(session: Session) -> dict[str, str]:
    """The fields that callback_url receives."""
    error = session.result.get("error")
    if not isinstance(error, dict):
        return {name: str(value) for name, value in session.result.items()}
    return {
        f"error[{name}]": json.dumps(value) if name == "metadata" else str(value)
        for name, value in error.items()
    }
