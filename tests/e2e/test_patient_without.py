"""Without JavaScript, without a mouse, without hints, without cookies: it still works, and trusts only what it must."""

from __future__ import annotations

import re
import secrets
from uuid import uuid4

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import Browser, Locator, Response, expect

from niyat.gateway import live
from tests.e2e.conftest import Clinic
from tests.support.patient import Look, Patient, at_a_browser

STREAM = re.compile(r"/live(\?|$)")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("look", [Look(), Look("hi", "dark", (1280, 900))], ids=str)
async def test_without_javascript_the_whole_journey_works_through_forms_and_the_hosted_page(
    clinic: Clinic, chrome: Browser, look: Look
) -> None:
    patient = await at_a_browser(clinic.system, chrome, look, java_script_enabled=False)
    page = patient.page
    await patient.hold(clinic.paid)
    await page.locator("#pay-form button").click()
    await page.get_by_role("link", name="Close").click()
    await expect(page.locator("#retry")).to_contain_text(patient.says("The payment window was closed"))
    await page.locator("#pay-form button").click()
    await page.get_by_role("link", name="UPI").click()
    await page.get_by_label("UPI ID").fill("failure@razorpay")
    await page.get_by_role("button", name="Pay ₹500").click()
    await (
        page.get_by_role("link", name="Back to Niyat")
        .or_(page.get_by_role("button", name="Continue to Niyat"))
        .click()
    )
    await expect(page.locator("#retry")).to_contain_text(patient.says("The payment did not go through"))
    await page.locator("#pay-form button").click()
    await page.get_by_role("link", name="UPI").click()
    await page.get_by_label("UPI ID").fill("success@razorpay")
    await page.get_by_role("button", name="Pay ₹500").click()
    await page.get_by_role("button", name="Continue to Niyat").click()
    await page.wait_for_url("**/my/appointments/**")
    await clinic.system.settle()
    await page.goto(page.url)
    await patient.sees_heading("Your appointment is confirmed")
    await patient.link("Move or cancel").click()
    await patient.link("Cancel").click()
    await page.locator("form[action$='/cancel'] button").click()
    await expect(page.get_by_text(patient.says("You cancelled this appointment"))).to_be_visible()
    await patient.context.close()


async def _tab_to(patient: Patient, wanted: Locator) -> None:
    """By the keyboard alone; whatever has the focus on the way is in view and can be seen to have it."""
    for _ in range(80):
        await patient.page.keyboard.press("Tab")
        if await wanted.evaluate("e => e === e.ownerDocument.activeElement && e.ownerDocument.hasFocus()"):
            return
    raise AssertionError(f"the keyboard does not come to {wanted}")


async def test_the_whole_journey_by_keyboard_alone(clinic: Clinic, patient: Patient) -> None:
    page, keyboard = patient.page, patient.page.keyboard
    await patient.go("/sign-in")
    await _tab_to(patient, page.get_by_label("Mobile number or email address"))
    await keyboard.type(patient.email)
    await keyboard.press("Enter")
    await page.wait_for_url("**/sign-in/code")
    await expect(page.get_by_label("Code", exact=True)).to_be_focused()
    await keyboard.type(await patient.code())
    await keyboard.press("Enter")
    await page.wait_for_url("**/welcome*")
    await _tab_to(patient, page.get_by_label("Your name"))
    await keyboard.type("Asha Rao")
    await keyboard.press("Enter")
    await page.wait_for_url(f"{clinic.system.address}/")
    await patient.go(f"/doctors/{clinic.paid['doctor_id']}")
    await _tab_to(patient, page.locator("#mode-VIDEO"))
    await keyboard.press("ArrowRight")
    await expect(page.locator("#mode-IN_PERSON")).to_be_checked()
    await keyboard.press("ArrowLeft")
    await _tab_to(patient, page.locator(".day-strip input:checked"))
    for _ in range(3):
        await keyboard.press("ArrowRight")
    await _tab_to(patient, page.locator("fieldset.times:visible input").first)
    await keyboard.press("Space")
    await _tab_to(patient, page.locator("#reason"))
    await keyboard.type("A rash")
    await _tab_to(patient, patient.button("Hold this time"))
    await keyboard.press("Enter")
    await page.wait_for_url("**/pay")
    await _tab_to(patient, patient.button("Pay %(price)s", price="₹500"))
    await keyboard.press("Enter")
    await patient.window.get_by_role("link", name="UPI").wait_for()
    await _tab_to(patient, patient.window.get_by_role("link", name="UPI"))
    await keyboard.press("Enter")
    await patient.window.get_by_label("UPI ID").wait_for()
    await _tab_to(patient, patient.window.get_by_label("UPI ID"))
    await keyboard.press("Control+A")
    await keyboard.type("success@razorpay")
    await keyboard.press("Enter")
    await patient.sees_heading("Your appointment is confirmed")
    await _tab_to(patient, patient.link("Move or cancel"))
    await keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/my/appointments/[0-9a-f-]+$"))
    await _tab_to(patient, patient.link("Cancel"))
    await keyboard.press("Enter")
    await page.wait_for_url("**/cancel")
    await _tab_to(patient, patient.button("Cancel and get %(price)s back", price="₹500"))
    await keyboard.press("Enter")
    await expect(page.get_by_text("You cancelled this appointment")).to_be_visible()


async def test_a_stream_that_ends_is_opened_again_and_what_was_missed_is_asked_for(
    clinic: Clinic, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointment_id = await patient.hold(clinic.paid)
    monkeypatch.setattr(live, "LONGEST_SECONDS", 0.3)
    monkeypatch.setattr(clinic.system.niyat.hub, "tell", lambda topic, about: None)  # every hint is lost
    streams: list[str] = []
    patient.page.on("request", lambda one: streams.append(one.url) if STREAM.search(one.url) else None)
    await patient.go("/my/appointments")
    pay = patient.page.get_by_role("link", name="Pay ₹500")
    await pay.focus()
    order = await patient.another_tab()
    await order.go(f"/my/appointments/{appointment_id}/pay")
    await clinic.system.sandbox.pay(await order.order())
    await expect(patient.page.locator(f"#status-{appointment_id}")).to_have_text("Confirmed")
    assert len(streams) > 1
    where = await patient.page.evaluate("document.activeElement.closest('[data-live]')?.id")
    assert where == "my-appointments", "the button is gone, the place is kept"


async def test_without_any_stream_the_page_asks_by_itself_twice_a_minute(
    clinic: Clinic, patient: Patient
) -> None:
    appointment_id = await patient.hold(clinic.paid)
    order = await patient.order()
    await patient.page.route(STREAM, lambda route: route.abort())
    await patient.page.clock.install()
    await patient.go("/my/appointments")
    details = patient.link("Details")
    await details.focus()
    await clinic.system.sandbox.pay(order)
    await clinic.system.settle()
    await expect(patient.page.locator(f"#status-{appointment_id}")).to_have_text("Waiting for payment")
    await patient.page.clock.run_for(31_000)
    await expect(patient.page.locator(f"#status-{appointment_id}")).to_have_text("Confirmed")
    await expect(details).to_be_focused()


HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_a_hidden_tab_lets_go_of_its_stream_and_catches_up_when_one_comes_back(
    clinic: Clinic, patient: Patient
) -> None:
    appointment_id = await patient.hold(clinic.paid)
    order = await patient.order()
    async with patient.page.expect_response(lambda answer: "x-fragment" in answer.request.headers):
        await patient.go("/my/appointments")
    async with patient.page.expect_event("requestfailed", lambda one: STREAM.search(one.url) is not None):
        await patient.page.evaluate(HIDE, True)
    await clinic.system.sandbox.pay(order)
    await clinic.system.settle()
    await expect(patient.page.locator(f"#status-{appointment_id}")).to_have_text("Waiting for payment")
    async with patient.page.expect_request(STREAM):
        await patient.page.evaluate(HIDE, False)
    await expect(patient.page.locator(f"#status-{appointment_id}")).to_have_text("Confirmed")


async def test_every_page_of_a_journey_forbids_what_is_inline_and_asks_only_us_until_one_pays(
    clinic: Clinic, patient: Patient
) -> None:
    ours = clinic.system.address
    policies: list[tuple[str, str]] = []
    complaints: list[str] = []

    def note(answer: Response) -> None:
        if answer.url.startswith(ours) and answer.status == 200:
            policies.append((answer.url, answer.headers.get("content-security-policy", "")))

    patient.page.on("response", note)
    patient.page.on(
        "console", lambda message: complaints.append(message.text) if message.type == "error" else None
    )
    appointment_id = await patient.hold(clinic.paid)
    for path in (
        "/",
        "/style",
        "/zone",
        "/account",
        "/my/appointments",
        f"/my/appointments/{appointment_id}",
    ):
        await patient.go(path)
    await patient.go(f"/my/appointments/{appointment_id}/cancel")
    assert patient.hosts == {ours.removeprefix("http://")}
    await patient.go(f"/my/appointments/{appointment_id}/pay")
    await patient.page.locator("#pay-form button").click()
    await patient.pay_by_upi()
    await patient.sees_heading("Your appointment is confirmed")
    provider = clinic.system.sandbox.process.url
    assert patient.hosts == {ours.removeprefix("http://"), provider.removeprefix("http://")}
    assert len(policies) > 15
    assert any(provider in policy for _, policy in policies)
    for url, policy in policies:
        assert "unsafe" not in policy, url
        assert "default-src 'none'" in policy, url
        assert provider not in policy or url.endswith("/pay"), url
    assert complaints == []


async def test_the_providers_return_needs_no_cookie_and_trusts_nothing_but_the_signature(
    clinic: Clinic, patient: Patient
) -> None:
    await patient.hold(clinic.paid)
    action = str(await patient.page.locator("#pay-form input[name=callback_url]").get_attribute("value"))
    paid = await clinic.system.sandbox.pay(await patient.order(), webhooks_first=False)
    nobody = clinic.system.connect()
    crossed = {"origin": "https://api.razorpay.com", "sec-fetch-site": "cross-site"}
    forged = paid | {"razorpay_signature": "0" * 64}
    for fields in (forged, {"razorpay_payment_id": paid["razorpay_payment_id"]}, {}):
        answer = await nobody.post(action, data=fields, headers=crossed)
        assert answer.status_code < 500
        assert "set-cookie" not in answer.headers
    answer = await nobody.post(action, data=paid, headers=crossed)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith((clinic.system.address, "/"))
    assert "set-cookie" not in answer.headers
    await patient.sees_heading("Your appointment is confirmed")


async def test_a_post_from_another_site_changes_nothing(clinic: Clinic, patient: Patient) -> None:
    appointment_id = await patient.hold(clinic.paid)
    cookies = {one["name"]: one["value"] for one in await patient.context.cookies()}
    http = clinic.system.connect()
    http.cookies.update(cookies)
    base = f"/my/appointments/{appointment_id}"
    form = {"csrf": cookies["niyat_csrf"], "idempotency_key": str(uuid4()), "quote": "50000", "name": "Eve"}
    paths = (
        f"{base}/cancel",
        f"{base}/pay",
        f"{base}/paid",
        "/account",
        "/preferences",
        "/sign-in",
        "/sign-out",
    )
    for path in (*paths, f"/doctors/{clinic.paid['doctor_id']}", "/sign-in/code"):
        for headers, fields in (
            ({"sec-fetch-site": "cross-site"}, form),
            ({"origin": "https://elsewhere.example"}, form),
            ({}, form | {"csrf": secrets.token_urlsafe(24)}),
        ):
            answer = await http.post(path, data=fields, headers=headers)
            assert answer.status_code == 403, (path, headers)
    assert [visit["status"] for visit in await patient.booked()] == ["pending-payment"]


async def test_each_visitor_has_a_limit_of_codes_of_their_own(clinic: Clinic) -> None:
    """Two addresses of this machine stand for two visitors: neither counts towards the gateway's."""
    import httpx

    for address in ("127.0.0.2", "127.0.0.3"):
        transport = httpx.AsyncHTTPTransport(local_address=address)
        async with httpx.AsyncClient(transport=transport, base_url=clinic.system.address) as visitor:
            page = await visitor.get("/sign-in")
            token = re.search(r'name="csrf" value="([^"]+)"', page.text)
            assert token
            asked = {"csrf": token[1], "contact": f"v{uuid4().hex}@patient.example", "next": "/"}
            claims = {"x-forwarded-for": "203.0.113.9"}
            assert (await visitor.post("/sign-in", data=asked, headers=claims)).status_code == 303
    requesters = await clinic.system.niyat.services["identity"].db.fetchval(
        "SELECT count(DISTINCT requester_hash) FROM sign_in_challenges WHERE address LIKE 'v%@patient.example'"
    )
    assert requesters == 2
