"""A checkout that a patient has open: what the merchant asked for, and how far the patient has come.

choose → otp or bank → paid, failed (and again from the start), or gone: debited, and the page closed
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from niyat.sandbox.books import Books
from niyat.sandbox.razorpay.entities import Order
from niyat.sandbox.razorpay.errors import Refusal

State = Literal["choose", "otp", "bank", "paid", "failed", "gone"]

_ORIGIN = re.compile(r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_NOTE = re.compile(r"notes\[([^\]]{1,256})\]")


@dataclass
class Session:
    token: str
    order_id: str
    origin: str | None
    """Of the page that holds us in a frame; None when we are the page."""
    callback_url: str | None
    cancel_url: str | None
    redirect: bool
    """Failures too go to callback_url."""
    retry: bool
    name: str
    description: str | None
    email: str | None
    contact: str | None
    vpa: str | None
    method: str
    colour: str | None
    notes: dict[str, str] = field(default_factory=dict)
    state: State = "choose"
    payment_id: str | None = None
    refused_card: str | None = None
    """The test card in use, when the bank will refuse it after the OTP."""
    result: dict[str, object] = field(default_factory=dict)
    """The three fields of a success, or `error`."""

    @property
    def path(self) -> str:
        return f"/razorpay/checkout/{self.order_id}/{self.token}"


def begin(order: Order, given: Mapping[str, str], *, origin: str | None) -> Session:
    """From the options of checkout.js or the fields of the hosted form, which have the same names."""
    for name, expected in (("amount", str(order["amount"])), ("currency", order["currency"])):
        if given.get(name, expected) != expected:
            raise Refusal(f"The {name} does not match the order's", field=name)
    if origin is not None and not is_origin(origin):
        raise Refusal("The origin is not one of a web page", field="origin")
    colour = given.get("theme[color]", "")
    method = given.get("prefill[method]", "card")
    found = [(_NOTE.fullmatch(name), value) for name, value in given.items()]
    return Session(
        token=secrets.token_urlsafe(24),
        order_id=order["id"],
        origin=origin,
        callback_url=_web_address(given, "callback_url"),
        cancel_url=_web_address(given, "cancel_url"),
        redirect=given.get("redirect") in ("1", "true"),
        retry=given.get("retry") not in ("0", "false"),
        name=given.get("name") or "Merchant",
        description=given.get("description") or None,
        email=given.get("prefill[email]") or None,
        contact=given.get("prefill[contact]") or None,
        vpa=given.get("prefill[vpa]") or None,
        method=method if method in ("card", "upi", "netbanking", "wallet") else "card",
        colour=colour if _COLOUR.fullmatch(colour) else None,
        notes={match[1]: value for match, value in found if match},
    )


def find(books: Books, order_id: str, token: str) -> Session | None:
    row = books.row("SELECT doc FROM checkouts WHERE token = ? AND order_id = ?", token, order_id)
    return Session(**json.loads(row["doc"])) if row else None


def save(books: Books, session: Session) -> None:
    books.run(
        "INSERT INTO checkouts (token, order_id, doc) VALUES (?, ?, ?)"
        " ON CONFLICT (token) DO UPDATE SET doc = excluded.doc",
        session.token,
        session.order_id,
        json.dumps(asdict(session)),
    )


def is_origin(text: str) -> bool:
    """Scheme, host and perhaps port; safe to write into a header."""
    return _ORIGIN.fullmatch(text) is not None


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _web_address(given: Mapping[str, str], name: str) -> str | None:
    """http or https only: the page puts it into a link and a form."""
    address = given.get(name)
    if not address:
        return None
    try:
        origin = origin_of(address)
    except ValueError:
        origin = ""
    if not is_origin(origin):
        raise Refusal(f"The {name} is not a web address", field=name)
    return address
