"""A merchant's page that opens checkout.js, and what a merchant checks of what comes back."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.support.browser import served
from tests.support.sandbox import Account, Json

if TYPE_CHECKING:
    pass

HOST_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Clinic</title>
<script src="{sandbox}/razorpay/checkout.js"></script><script src="/host.js" defer></script>
<h1>Clinic</h1><button id="pay">Pay</button><pre id="heard">[]</pre></html>"""


HOST_SCRIPT = """
const heard = [];
const hear = (what, value) => {
  heard.push([what, value === undefined ? null : value]);
  document.getElementById("heard").textContent = JSON.stringify(heard);
};
document.addEventListener("securitypolicyviolation", (event) => hear("csp", event.violatedDirective));
window.start = (options) => {
  const given = { handler: (response) => hear("paid", response), ...options };
  if (options.callback_url) delete given.handler;
  given.modal = { ...options.modal, ondismiss: () => hear("dismissed") };
  window.checkout = new Razorpay(given);
  window.checkout.on("payment.failed", (response) => hear("failed", response.error));
  document.getElementById("pay").onclick = () => window.checkout.open();
};
"""


@contextlib.contextmanager
def host_page(sandbox_url: str) -> Iterator[str]:
    """A merchant's page that allows nothing but its own files and the sandbox."""
    policy = (
        f"default-src 'none'; script-src 'self' {sandbox_url}; style-src 'self'; frame-src {sandbox_url};"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )

    async def page(request: Request) -> Response:
        return HTMLResponse(
            HOST_PAGE.format(sandbox=sandbox_url), headers={"content-security-policy": policy}
        )

    async def script(request: Request) -> Response:
        return Response(HOST_SCRIPT, media_type="text/javascript")

    async def paid(request: Request) -> Response:
        return JSONResponse(dict(await request.form()))

    routes = [Route("/", page), Route("/host.js", script), Route("/paid", paid, methods=["POST"])]
    with served(Starlette(routes=routes)) as address:
        yield address


def assert_signed(account: Account, order_id: str, handed: Json) -> None:
    assert handed.keys() == {"razorpay_payment_id", "razorpay_order_id", "razorpay_signature"}
    assert handed["razorpay_order_id"] == order_id
    text = f"{order_id}|{handed['razorpay_payment_id']}".encode()
    expected = hmac.new(account.key_secret.encode(), text, hashlib.sha256).hexdigest()
    assert handed["razorpay_signature"] == expected


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
