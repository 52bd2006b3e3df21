"""A doctor is paid: from the visit that was held to the money in the bank and the statement, over the whole system."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from tests.support.sandbox import Json
from tests.support.system import System

WHY = {"reason": "Month's end"}


async def fund_account(system: System) -> str:
    """One at the sandbox; its id."""
    url = f"{system.sandbox.razorpay_url}/v1"
    async with httpx.AsyncClient(auth=system.merchant.auth, trust_env=False, timeout=30) as http:
        contact = (await http.post(f"{url}/contacts", json={"name": "Dr Test", "type": "vendor"})).json()
        account = {"name": "Dr Test", "ifsc": "HDFC0000053", "account_number": "765432123456789"}
        wanted = {"contact_id": contact["id"], "account_type": "bank_account", "bank_account": account}
        made: Json = (await http.post(f"{url}/fund_accounts", json=wanted)).raise_for_status().json()
    return str(made["id"])


async def test_a_visit_that_was_held_is_paid_out_and_on_the_doctors_statement(system: System) -> None:
    patient, doctor = await system.patient(), await system.doctor()
    booking = await system.book(patient, (await system.slots(doctor))[0])
    await system.sandbox.pay(booking["payment"]["order_id"])
    visit = await system.becomes(patient, booking, "confirmed")
    await system.clock.move_to(datetime.fromisoformat(visit["ends_at"]) + timedelta(minutes=1))
    me = await system.sign_in(email=doctor["email"])  # two days have gone by: everybody signs in anew
    admin = await system.sign_in(email=system.admin.account["email"])
    path = f"/api/v1/appointments/{visit['appointment_id']}/status"
    held = {"status": "completed", "reason_code": "visit-held"}
    await me.call("PATCH", path, held, key=str(uuid4()))
    await system.settle()

    own = f"/api/v1/payouts/doctors/{doctor['doctor_id']}"
    account = {"fund_account_id": await fund_account(system), **WHY}
    await admin.call("PUT", f"{own}/fund-account", account)
    assert [(one["owed"], one["held_back"]) for one in await me.call("GET", f"{own}/balance")] == [
        (50_000, 50_000)
    ]
    batch = await admin.call(
        "POST", "/api/v1/payouts/batches", {"until": "2099-12-31", **WHY}, key=str(uuid4())
    )
    await admin.call("POST", f"/api/v1/payouts/batches/{batch['batch_id']}/approve", WHY, key=str(uuid4()))
    await system.settle()
    await system.clock.move(minutes=2)
    await system.settle()
    (payout,) = (await me.call("GET", own))["items"]
    assert (payout["status"], payout["amount"]) == ("processed", 50_000)
    assert (await system.sandbox.books(system.merchant)).paid_out == 50_000
    day = datetime.fromisoformat(payout["updated_at"]).date()
    period = f"from={day - timedelta(days=200)}&to={day + timedelta(days=1)}"
    statement = await me.ask("GET", f"{own}/statement.pdf?{period}")
    assert statement.content.startswith(b"%PDF")
    assert (await (await system.patient()).ask("GET", own)).status_code == 404
