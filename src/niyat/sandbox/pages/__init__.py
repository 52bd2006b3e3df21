"""The sandbox as people see it: the checkout, the mailbox, the phone, the payments console.

Every page works without scripts, allows nothing inline, and belongs to this origin alone. The exception is
the checkout, which may stand in a frame of the page that opened it and posts to that merchant's address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
STATIC = HERE / "static"

_INDIA = ZoneInfo("Asia/Kolkata")


def wants_html(request: Request) -> bool:
    """A browser names text/html; a program does not."""
    return "text/html" in request.headers.get("accept", "").lower()


def show(
    template: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    framed_by: str = "'none'",
    posts_to: Sequence[str] = (),
) -> HTMLResponse:
    """The page, with headers that let it be framed by one origin and post forms to others only if named."""
    targets = " ".join(("'self'", *posts_to))
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        f" frame-src 'self'; base-uri 'none'; form-action {targets};"
        f" frame-ancestors {framed_by}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin",
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }
    return HTMLResponse(_templates.get_template(template).render(values), status, headers)


def money(amount: int, currency: str = "INR") -> str:
    """Subunits as people in India write them: ₹1,23,456.00."""
    whole, part = divmod(amount, 100)
    head, tail = str(whole)[:-3], str(whole)[-3:]
    while head:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    return f"{'₹' if currency == 'INR' else currency + ' '}{tail}.{part:02}"


def moment(seconds: float) -> str:
    """A time of the sandbox's clock, in India."""
    return f"{datetime.fromtimestamp(seconds, _INDIA):%d %b %Y, %H:%M:%S}"


def spaced(number: str) -> str:
    """A card number in groups of four."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"money": money, "moment": moment, "spaced": spaced}
