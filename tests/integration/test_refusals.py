"""What must be refused is refused with a problem document that says why, and never a 500."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.support.system import System


async def test_a_stranger_sees_and_touches_nothing_of_a_booking(system: System) -> None:
    owner, stranger = await system.patient(), await system.patient()
    booking = await system.book(owner, (await system.slots(await system.doctor(fee_amount=50_000)))[0])
    appointment_id = booking["appointment"]["appointment_id"]
    for method, path, body in [
        ("GET", f"/api/v1/appointments/{appointment_id}", None),
        ("POST", f"/api/v1/appointments/{appointment_id}/cancel", {"reason_code": "patient-request"}),
        ("POST", f"/api/v1/appointments/{appointment_id}/confirm", None),
        ("POST", "/api/v1/payments/initiate", {"appointment_id": appointment_id}),
        ("GET", f"/api/v1/payments/user/{owner.id}", None),
        ("GET", f"/api/v1/payments/{booking['payment']['payment_id']}", None),
        ("GET", f"/api/v1/appointments/patient/{owner.id}", None),
        ("GET", f"/api/v1/notifications/user/{owner.id}", None),
        ("PATCH", f"/appointments/{appointment_id}/status", {"status": "completed"}),
    ]:
        answer = await stranger.ask(method, path, body)
        # It is not there; but what no patient may do to any visit is refused as such.
        refusal = 403 if method == "PATCH" else 404
        assert answer.status_code == refusal, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        signed_out = await system.nobody.ask(method, path, body)
        assert signed_out.status_code == 401, f"{method} {path}"
        assert signed_out.json()["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "slot_id"),
        ({"slot_id": "tomorrow", "consultation_type": "VIDEO"}, "slot_id"),
        ({"slot_id": str(uuid4()), "consultation_type": "TELEPATHY"}, "consultation_type"),
    ],
)
async def test_a_malformed_body_is_422_and_names_the_field(system: System, body: Any, field: str) -> None:
    patient = await system.patient()
    for path in ("/appointments", "/api/v1/appointments/reserve"):
        answer = await patient.ask("POST", path, body)
        assert answer.status_code == 422
        assert field in [error["field"] for error in answer.json()["errors"]]


async def test_an_unknown_doctor_is_404(system: System) -> None:
    for path in (f"/api/v1/doctors/{uuid4()}", f"/api/v1/availability/doctors/{uuid4()}/slots"):
        answer = await system.nobody.ask("GET", path)
        assert answer.status_code == 404, answer.text


async def test_a_key_used_with_another_body_is_422(system: System) -> None:
    patient, slots = await system.patient(), await system.slots(await system.doctor(fee_amount=0))
    key = str(uuid4())
    wish = {"slot_id": slots[0]["slot_id"], "consultation_type": "VIDEO"}
    first = await patient.call("POST", "/api/v1/appointments/reserve", wish, key=key)
    again = await patient.call("POST", "/api/v1/appointments/reserve", wish, key=key)
    assert again == first
    other = await patient.ask(
        "POST", "/api/v1/appointments/reserve", {**wish, "slot_id": slots[1]["slot_id"]}, key=key
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_forged_or_missing_signature_is_4xx_and_changes_nothing(system: System) -> None:
    patient = await system.patient()
    booking = await system.book(patient, (await system.slots(await system.doctor()))[0])
    path = f"/appointments/{booking['appointment']['appointment_id']}/confirm-payment"
    forged = {
        "razorpay_payment_id": "pay_forged00000000",
        "razorpay_order_id": booking["payment"]["order_id"],
        "razorpay_signature": "0" * 64,
    }
    assert 400 <= (await patient.ask("POST", path, forged)).status_code < 500
    for headers in ({}, {"x-razorpay-signature": "0" * 64}, {"x-razorpay-signature": "é".encode("latin-1")}):
        answer = await system.nobody.http.post("/payments/webhook", content=b'{"event":"x"}', headers=headers)  # type: ignore[arg-type]
        assert 400 <= answer.status_code < 500
    await system.settle()
    assert (await system.appointment(patient, booking))["status"] == "pending-payment"


async def test_internal_paths_are_not_served_outside(system: System) -> None:
    answer = await system.admin.ask("POST", f"/internal/appointments/{uuid4()}/secure", {})
    assert answer.status_code == 404
