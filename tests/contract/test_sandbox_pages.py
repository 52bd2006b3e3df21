"""The sandbox's own pages, for a developer and a browser: who may frame the checkout, mailbox, phone and console."""

from __future__ import annotations

import secrets
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import aiosmtplib
import httpx

from tests.support.merchant_page import hidden
from tests.support.sandbox import Account, Sandbox

if TYPE_CHECKING:
    from playwright.async_api import Page

BROWSER = {"accept": "text/html,application/xhtml+xml"}


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
