"""The sandbox's hosted page as a patient meets it whose browser runs no scripts: plain forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.merchant_page import assert_signed, hidden
from tests.support.sandbox import Account, Sandbox

if TYPE_CHECKING:
    pass

CARD = {"method": "card", "number": "4100 2800 0000 1007", "expiry": "12/99", "cvv": "123"}


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
