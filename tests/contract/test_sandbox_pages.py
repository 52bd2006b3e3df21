"""The sandbox's pages as a patient and a developer meet them: as plain forms, and in a real browser."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import importlib.util
import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import aiosmtplib
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.support.browser import ARGUMENTS, chromium, served
from tests.support.require import need
from tests.support.sandbox import Account, Json, Sandbox

if TYPE_CHECKING:
    from playwright.async_api import FrameLocator, Page

BROWSER = {"accept": "text/html,application/xhtml+xml"}
CARD = {"method": "card", "number": "4100 2800 0000 1007", "expiry": "12/99", "cvv": "123"}


async def new_order(sandbox: Sandbox, account: Account, amount: int = 50000) -> str:
    body = {"amount": amount, "currency": "INR", "payment": {"capture": "manual"}}
    made = await sandbox.http.post("/razorpay/v1/orders", json=body, auth=account.auth)
    return str(made.raise_for_status().json()["id"])


def assert_signed(account: Account, order_id: str, handed: Json) -> None:
    assert handed.keys() == {"razorpay_payment_id", "razorpay_order_id", "razorpay_signature"}
    assert handed["razorpay_order_id"] == order_id
    text = f"{order_id}|{handed['razorpay_payment_id']}".encode()
    expected = hmac.new(account.key_secret.encode(), text, hashlib.sha256).hexdigest()
    assert handed["razorpay_signature"] == expected


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


class Patient:
    """Somebody whose browser runs no scripts, on the hosted page."""

    def __init__(self, sandbox: Sandbox, account: Account, order_id: str) -> None:
        self._http = httpx.AsyncClient(base_url=sandbox.process.url, trust_env=False, follow_redirects=True)
        self._form = {
            "key_id": account.key_id,
            "order_id": order_id,
            "amount": "50000",
            "currency": "INR",
            "name": "Clinic <b>One</b>",
            "prefill[email]": "asha@example.com",
            "callback_url": "http://clinic.test/paid?visit=1",
            "cancel_url": "http://clinic.test/left?visit=1&page=2",
        }
        self.page: httpx.Response

    async def arrive(self, **changes: str) -> str:
        self.page = await self._http.post("/razorpay/v1/checkout/embedded", data=self._form | changes)
        return self.page.text

    async def press(self, deed: str = "pay", **fields: str) -> str:
        self.page = await self._http.post(self.page.url.path, data={"deed": deed, **fields})
        return self.page.text

    async def leave(self) -> None:
        await self._http.aclose()


@pytest.fixture
async def account(sandbox: Sandbox) -> Account:
    return await sandbox.register_account()


@pytest.fixture
async def order_id(sandbox: Sandbox, account: Account) -> str:
    return await new_order(sandbox, account)


@pytest.fixture
async def patient(sandbox: Sandbox, account: Account, order_id: str) -> AsyncIterator[Patient]:
    arriving = Patient(sandbox, account, order_id)
    yield arriving
    await arriving.leave()


async def test_the_hosted_page_takes_a_card_and_returns_the_three_fields(
    sandbox: Sandbox, account: Account, order_id: str, patient: Patient
) -> None:
    page = await patient.arrive()
    assert "₹500.00" in page
    assert "Clinic &lt;b&gt;One&lt;/b&gt;" in page
    assert "one-time password" in await patient.press(**CARD)
    page = await patient.press(otp="1234")
    assert 'action="http://clinic.test/paid?visit=1"' in page
    assert "form-action 'self' http://clinic.test;" in patient.page.headers["content-security-policy"]
    assert_signed(account, order_id, hidden(page))
    [payment] = (await sandbox.books(account)).payments
    assert (payment["status"], payment["card"]["last4"], payment["email"]) == (
        "authorized",
        "1007",
        "asha@example.com",
    )


@pytest.mark.parametrize(
    ("number", "otp", "reason"),
    [
        ("4100 2800 0006 0003", "1234", "payment_declined"),
        ("4100 2800 0008 0001", "1234", "insufficient_funds"),
        ("4100 2800 0007 0002", "1234", "payment_cancelled"),
        ("4100 2800 0009 0000", "1234", "payment_timed_out"),
        ("4100 2800 0000 1007", "123", "incorrect_otp"),
    ],
)
async def test_a_card_that_fails_says_why_and_another_try_succeeds(
    sandbox: Sandbox, account: Account, patient: Patient, number: str, otp: str, reason: str
) -> None:
    await patient.arrive()
    await patient.press(**CARD | {"number": number})
    page = await patient.press(otp=otp)
    assert "Payment failed." in page
    assert 'href="http://clinic.test/left?visit=1&amp;page=2"' in page
    [payment] = (await sandbox.books(account)).payments
    assert (payment["status"], payment["error_reason"]) == ("failed", reason)
    assert "Payment successful." in await patient.press(method="upi", vpa="success@razorpay")


async def test_with_redirect_the_merchant_gets_the_failure_too(patient: Patient) -> None:
    await patient.arrive(redirect="true")
    fields = hidden(await patient.press(method="upi", vpa="failure@razorpay"))
    assert (fields["error[code]"], fields["error[reason]"]) == ("BAD_REQUEST_ERROR", "payment_failed")


async def test_leaving_the_hosted_page_takes_nothing(
    sandbox: Sandbox, account: Account, patient: Patient
) -> None:
    page = await patient.arrive()
    assert 'href="http://clinic.test/left?visit=1&amp;page=2"' in page
    assert (await sandbox.books(account)).payments == []


async def test_closing_after_the_debit_takes_the_money_and_tells_nobody(
    sandbox: Sandbox, account: Account, patient: Patient
) -> None:
    await patient.arrive()
    page = await patient.press("debit", method="wallet")
    assert "clinic.test" not in page
    assert (await sandbox.books(account)).authorized == 50000


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({**CARD, "number": '"><script>'}, "one of the test cards"),
        ({**CARD, "expiry": "13/30"}, "month and year to come"),
        ({**CARD, "cvv": "1"}, "three or four digits"),
        ({"method": "upi", "vpa": "asha@bank"}, "success@razorpay or failure@razorpay"),
        ({"method": "netbanking", "bank": "NONE"}, "one of the list"),
        ({"method": "barter"}, "Choose how to pay"),
    ],
)
async def test_what_cannot_be_is_corrected_on_the_page_and_begins_no_payment(
    sandbox: Sandbox, account: Account, patient: Patient, fields: dict[str, str], message: str
) -> None:
    await patient.arrive()
    page = await patient.press(**fields)
    assert patient.page.status_code == 422
    assert message in page
    assert "<script>" not in page
    assert (await sandbox.books(account)).payments == []


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "1"},
        {"key_id": "rzp_test_unknown"},
        {"order_id": "order_unknown"},
        {"callback_url": "javascript:alert(1)"},
        {"cancel_url": "http://[bad"},
        {"callback_url": "http://a.test; script-src *"},
    ],
)
async def test_a_wrong_hosted_form_is_refused(patient: Patient, changes: dict[str, str]) -> None:
    assert "This cannot be paid" in await patient.arrive(**changes)
    assert patient.page.status_code == 400


async def test_the_frame_belongs_to_the_page_that_opened_it(
    sandbox: Sandbox, account: Account, order_id: str
) -> None:
    query = {"key_id": account.key_id, "origin": "http://clinic.test:8000"}
    opened = await sandbox.http.get(
        f"/razorpay/checkout/{order_id}", params=query, follow_redirects=True, headers=BROWSER
    )
    assert opened.headers["content-security-policy"].endswith("frame-ancestors http://clinic.test:8000")
    refused = await sandbox.http.get(
        f"/razorpay/checkout/{order_id}", params=query | {"origin": "http://a.test; script-src *"}
    )
    assert refused.status_code == 400
    assert refused.headers["content-security-policy"].endswith("frame-ancestors 'none'")


# Mailbox, phone and console


async def test_a_browser_reads_the_mailbox_as_pages(sandbox: Sandbox) -> None:
    address = f"patient-{secrets.token_hex(4)}@example.com"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "clinic@example.com", address, "<i>Visit</i>"
    message.set_content("See http://clinic.test/visit?a=1&b=2\n")
    message.add_alternative("<html><head></head><p>Visit</p><script>alert(1)</script></html>", subtype="html")
    message.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="मुलाक़ात.ics")
    host, port = sandbox.smtp_address
    await aiosmtplib.send(message, hostname=host, port=port, start_tls=False, timeout=5)
    [mail] = await sandbox.mails(address)

    listed = await sandbox.http.get("/mailbox", params={"to": address[:15].upper()}, headers=BROWSER)
    assert listed.text.count(f"/mailbox/{mail['id']}") == 1
    assert "&lt;i&gt;Visit&lt;/i&gt;" in listed.text
    shown = await sandbox.http.get(f"/mailbox/{mail['id']}", headers=BROWSER)
    assert 'href="http://clinic.test/visit?a=1&amp;b=2"' in shown.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    letter = await sandbox.http.get(f"/mailbox/{mail['id']}/html")
    assert letter.text.startswith('<html><head><base target="_blank"></head>')
    assert letter.headers["content-security-policy"].startswith("sandbox allow-popups")
    part = await sandbox.http.get(f"/mailbox/{mail['id']}/attachments/0")
    assert part.content.strip() == b"BEGIN:VCALENDAR"
    assert part.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E0%A4%AE")
    assert (await sandbox.http.get(f"/mailbox/{mail['id']}")).json() == mail


async def test_a_browser_reads_the_phone_as_a_page(sandbox: Sandbox) -> None:
    phone = await sandbox.register_phone()
    number = f"+9190{secrets.randbelow(10**8):08}"
    form = {"To": number, "From": "+15005550006", "Body": "Code <1234>\nhttp://clinic.test/a"}
    await sandbox.http.post(
        f"/twilio/2010-04-01/Accounts/{phone.sid}/Messages.json",
        data=form,
        auth=(phone.sid, phone.auth_token),
    )
    page = await sandbox.http.get("/phone", params={"to": f"{number[3:8]} {number[8:]}"}, headers=BROWSER)
    assert "Code &lt;1234&gt;" in page.text
    assert 'href="http://clinic.test/a"' in page.text
    assert "No message to such a number" not in page.text


async def test_the_console_pays_and_refunds_by_its_own_forms_only(
    sandbox: Sandbox, account: Account, order_id: str
) -> None:
    assert (await sandbox.http.get("/", headers=BROWSER)).status_code == 200
    page = (await sandbox.http.get("/console", headers=BROWSER)).text
    assert order_id in page
    token = hidden(page)["token"]

    async def press(entity_id: str, deed: str, status: int = 303, **more: Any) -> httpx.Response:
        data = {"token": token, "deed": deed, **more.pop("form", {})}
        answer = await sandbox.http.post(f"/console/{entity_id}", data=data, **more)
        assert answer.status_code == status, answer.text
        return answer

    await press(order_id, "pay", 403, form={"token": "guessed"})
    await press(order_id, "pay", 403, headers={"sec-fetch-site": "cross-site"})
    assert (await sandbox.books(account)).payments == []
    await press(order_id, "fail")
    await press(order_id, "pay")
    failed, paid = (await sandbox.books(account)).payments
    assert (failed["status"], paid["status"]) == ("failed", "authorized")
    await press(paid["id"], "capture")
    await press(paid["id"], "refund", form={"rupees": "99.50"})
    assert (await sandbox.books(account)).refunded == 9950
    for wrong in ("a lot", "1e9999999", "NaN", "Infinity", "0.001", "-5", "600"):
        await press(paid["id"], "refund", 409, form={"rupees": wrong})
    await press("order_unknown", "pay", 404)
    await press(order_id, "steal", 422)
    shown = await sandbox.http.get("/console", headers=BROWSER)
    assert "Refund of ₹99.50" in shown.text


# checkout.js in a browser

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


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[Page]:
    need("browser", importlib.util.find_spec("playwright") is not None, "the playwright package is missing")
    path = chromium()
    from playwright.async_api import async_playwright

    with host_page(sandbox.process.url) as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            opened = await browser.new_page(viewport={"width": 390, "height": 780})
            opened.set_default_timeout(10_000)
            await opened.goto(address)
            yield opened
            await browser.close()


async def begin(page: Page, account: Account, order_id: str, **options: object) -> FrameLocator:
    given = {
        "key": account.key_id,
        "order_id": order_id,
        "amount": 50000,
        "currency": "INR",
        "name": "Asha's clinic",
        "description": "Visit",
        "prefill": {"email": "asha@example.com", "contact": "+919000012345"},
        "notes": {"visit": "7"},
        "theme": {"color": "#1a4f8b"},
        **options,
    }
    await page.evaluate("options => window.start(options)", given)
    await page.get_by_role("button", name="Pay").click()
    return page.frame_locator("iframe")


async def heard(page: Page, count: int) -> list[Any]:
    await page.wait_for_function(
        "n => JSON.parse(document.getElementById('heard').textContent).length >= n", arg=count
    )
    told: list[Any] = json.loads(await page.inner_text("#heard"))
    return told


async def pay_by_upi(till: FrameLocator, vpa: str) -> None:
    await till.get_by_role("link", name="UPI").click()
    await enter_upi(till, vpa)


async def enter_upi(till: FrameLocator, vpa: str) -> None:
    """On the UPI tab, where a second try starts again."""
    await till.get_by_label("UPI ID").fill(vpa)
    await till.get_by_role("button", name="Pay ₹500.00").click()


async def test_checkout_js_hands_the_page_a_failure_and_then_the_signed_payment(
    sandbox: Sandbox, account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id)
    await pay_by_upi(till, "failure@razorpay")
    [[what, error]] = await heard(page, 1)
    assert (what, error.keys()) == (
        "failed",
        {"code", "description", "source", "step", "reason", "metadata"},
    )
    await till.get_by_role("link", name="Try again").click()
    await enter_upi(till, "success@razorpay")
    _, [what, handed] = await heard(page, 2)
    assert what == "paid"
    assert_signed(account, order_id, handed)
    assert await page.locator("iframe").count() == 0
    failed, paid = (await sandbox.books(account)).payments
    assert error["metadata"] == {"payment_id": failed["id"], "order_id": order_id}
    assert (paid["contact"], paid["notes"], paid["vpa"]) == (
        "+919000012345",
        {"visit": "7"},
        "success@razorpay",
    )


async def test_closing_the_checkout_calls_ondismiss_and_it_opens_again(
    account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id)
    await till.get_by_role("button", name="Close", exact=True).click()
    assert await heard(page, 1) == [["dismissed", None]]
    await page.get_by_role("button", name="Pay").click()
    await till.get_by_label("Card number").press("Escape")
    assert len(await heard(page, 2)) == 2
    assert await page.locator("dialog").count() == 0


async def test_a_page_that_closes_after_the_debit_says_nothing(
    sandbox: Sandbox, account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id)
    await till.get_by_role("button", name="Close after debit").click()
    await page.locator("dialog").wait_for(state="detached")
    assert await page.inner_text("#heard") == "[]"
    assert (await sandbox.books(account)).authorized == 50000


async def test_with_redirect_the_fields_are_posted_to_callback_url(
    account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id, callback_url=f"{page.url}paid", redirect=True)
    await pay_by_upi(till, "success@razorpay")
    await page.wait_for_url("**/paid")
    assert_signed(account, order_id, json.loads(await page.inner_text("body")))


async def test_without_retry_a_failed_checkout_can_only_be_closed(
    account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id, retry={"enabled": False})
    await till.get_by_role("button", name="Fail", exact=True).click()
    assert [what for what, _ in await heard(page, 1)] == ["failed"]
    assert await till.get_by_role("link", name="Try again").count() == 0
    await till.get_by_role("button", name="Close").click()
    assert [what for what, _ in await heard(page, 2)] == ["failed", "dismissed"]


async def test_the_mailbox_shows_what_arrives_by_itself(sandbox: Sandbox, page: Page) -> None:
    address = f"patient-{secrets.token_hex(4)}@example.com"
    await page.goto(f"{sandbox.process.url}/mailbox?to={address}")
    await page.get_by_text("No mail to such an address.").wait_for()
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "clinic@example.com", address, "It is here"
    message.set_content("Hello\n")
    host, port = sandbox.smtp_address
    await aiosmtplib.send(message, hostname=host, port=port, start_tls=False, timeout=5)
    await page.get_by_role("link", name="It is here").wait_for()
    assert await page.get_by_text("No mail to such an address.").count() == 0
