"""Every endpoint of both documents, called as the role that they give it to, and refused to everybody else.

The rows come from docs/requirements-map.md: a row that loses its word `planned` fails here until it is called.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import uuid4

from tests.integration.test_requirements_map import bare, is_planned, rows
from tests.support.sandbox import Json
from tests.support.system import Caller, System

ROWS = [(method, bare(path)) for method, path, _, status in rows("Endpoints") if not is_planned(status)]
REFUSED = (401, 403, 404)

Endpoint: TypeAlias = tuple[str, str]


@dataclass
class Call:
    """One row as its role calls it. `strangers` are refused what `who` may; without any, everybody may."""

    who: Caller
    body: Any = None
    ids: dict[str, str] = field(default_factory=dict)
    strangers: Sequence[Caller] = ()
    raw: bytes | None = None

    async def as_(self, who: Caller, endpoint: Endpoint) -> Any:
        method, path = endpoint
        for name, value in self.ids.items():
            path = path.replace("{" + name + "}", value)
        if self.raw is not None:
            return await who.ask(method, path, content=self.raw)
        return await who.ask(method, path, self.body, key=str(uuid4()))


def checkout(paid: Json) -> Json:
    return {name: value for name, value in paid.items() if name.startswith("razorpay_")}


class Scene:
    """Who calls, and the bookings that the calls are about."""

    def __init__(self, system: System) -> None:
        self.system = system

    async def set(self) -> Scene:
        system = self.system
        self.patient, self.stranger = await system.patient(), await system.patient()
        self.clinic_doctor, self.free_doctor = await system.doctor(), await system.doctor(fee_amount=0)
        self.doctor = await system.sign_in(email=self.clinic_doctor["email"])
        self.other_doctor = await system.sign_in(email=self.free_doctor["email"])
        self.free, self.free_slots = 0, await system.slots(self.free_doctor)
        self.slots = await system.slots(self.clinic_doctor)
        return self

    def next_slot(self) -> Json:
        self.free += 1
        return self.slots[self.free]

    async def reserved(self, slot: Json | None = None) -> str:
        """A held visit of the patient's; its id."""
        wish = {"slot_id": (slot or self.next_slot())["slot_id"], "consultation_type": "VIDEO"}
        made = await self.patient.call("POST", "/api/v1/appointments/reserve", wish, key=str(uuid4()))
        return str(made["appointment_id"])

    async def calls(self) -> dict[Endpoint, Call]:
        """All rows, in no order: each has bookings of its own."""
        patient, doctor, admin = self.patient, self.doctor, self.system.admin
        strangers = (self.stranger,)
        staff_only = (self.stranger, self.other_doctor)
        admin_only = (self.patient, self.doctor)
        sandbox = self.system.sandbox
        doctor_id = self.clinic_doctor["doctor_id"]
        waiting, verified, refunded, overridden = [
            await self.system.book(patient, self.next_slot()) for _ in range(4)
        ]
        paid, seen, _ = [
            checkout(await sandbox.pay(booking["payment"]["order_id"]))
            for booking in (waiting, verified, refunded)
        ]
        await self.system.becomes(patient, refunded, "confirmed")

        def of(booking: Json) -> dict[str, str]:
            return {"id": str(booking["appointment"]["appointment_id"])}

        wish: Json = {"consultation_type": "VIDEO"}
        hours = [{"weekday": day, "start_time": "06:00", "end_time": "22:00"} for day in range(1, 8)]
        last = self.slots[-1]
        event = (await sandbox.webhooks(self.system.merchant))[0]
        signed = hmac.new(
            self.system.merchant.webhook_secret.encode(), event["body"].encode(), hashlib.sha256
        ).hexdigest()
        gateway = Caller(self.system.connect())
        gateway.http.headers.update(
            {
                "x-razorpay-signature": signed,
                "x-razorpay-event-id": event["id"],
                "content-type": "application/json",
            }
        )
        webhook = Call(gateway, raw=event["body"].encode())
        told = {
            "type": "APPOINTMENT_CONFIRMED",
            "account_id": patient.id,
            "appointment_id": of(refunded)["id"],
            "reason": "Asked for it again",
        }
        return {
            ("POST", "/appointments"): Call(patient, wish | {"slot_id": self.next_slot()["slot_id"]}),
            ("GET", "/appointments"): Call(patient),
            ("PATCH", "/appointments/{id}/status"): Call(
                doctor,
                {"status": "cancelled", "reason_code": "doctor-away"},
                {"id": await self.reserved()},
                staff_only,
            ),
            ("POST", "/appointments/{id}/confirm-payment"): Call(patient, paid, of(waiting), strangers),
            ("PATCH", "/appointments/{id}/payment"): Call(
                admin,
                {"status": "captured", "reason_code": "paid-at-desk", "method": "cash"},
                of(overridden),
                admin_only,
            ),
            ("POST", "/payments/intent"): Call(
                patient, {"appointment_id": await self.reserved()}, strangers=strangers
            ),
            ("POST", "/payments/webhook"): webhook,
            ("GET", "/api/v1/availability/doctors/{doctorId}"): Call(
                self.system.nobody, ids={"doctorId": doctor_id}
            ),
            ("POST", "/api/v1/availability/weekly"): Call(
                doctor, {"doctor_id": doctor_id, "hours": hours}, strangers=staff_only
            ),
            ("POST", "/api/v1/availability/block"): Call(
                doctor,
                {"doctor_id": doctor_id, "starts_at": last["starts_at"], "ends_at": last["ends_at"]},
                strangers=staff_only,
            ),
            ("GET", "/api/v1/availability/doctors/{doctorId}/slots"): Call(
                self.system.nobody, ids={"doctorId": doctor_id}
            ),
            ("POST", "/api/v1/appointments/reserve"): Call(
                patient, wish | {"slot_id": self.next_slot()["slot_id"]}
            ),
            ("POST", "/api/v1/appointments/{id}/confirm"): Call(
                patient, None, {"id": await self.reserved(self.free_slots[0])}, strangers
            ),
            ("POST", "/api/v1/appointments/{id}/cancel"): Call(
                patient, {"reason_code": "plans-changed"}, {"id": await self.reserved()}, strangers
            ),
            ("GET", "/api/v1/appointments/doctor/{doctorId}"): Call(
                doctor, ids={"doctorId": doctor_id}, strangers=staff_only
            ),
            ("GET", "/api/v1/appointments/patient/{patientId}"): Call(
                patient, ids={"patientId": patient.id}, strangers=strangers
            ),
            ("POST", "/api/v1/payments/initiate"): Call(
                patient, {"appointment_id": await self.reserved()}, strangers=strangers
            ),
            ("POST", "/api/v1/payments/verify"): Call(patient, seen, strangers=strangers),
            ("POST", "/api/v1/payments/webhook"): webhook,
            ("POST", "/api/v1/payments/{id}/refund"): Call(
                admin,
                {"amount": 10_000, "reason_code": "goodwill"},
                {"id": refunded["payment"]["payment_id"]},
                admin_only,
            ),
            ("GET", "/api/v1/payments/user/{userId}"): Call(
                patient, ids={"userId": patient.id}, strangers=strangers
            ),
            ("POST", "/api/v1/notifications/send"): Call(admin, told, strangers=admin_only),
            ("GET", "/api/v1/notifications/user/{userId}"): Call(
                patient, ids={"userId": patient.id}, strangers=strangers
            ),
            ("GET", "/api/v1/notifications/preferences/{userId}"): Call(
                patient, ids={"userId": patient.id}, strangers=strangers
            ),
            ("PUT", "/api/v1/notifications/preferences/{userId}"): Call(
                patient, {"language": "hi"}, {"userId": patient.id}, strangers
            ),
            ("PUT", "/api/v1/notifications/preferences"): Call(patient, {"language": "en"}),
            ("POST", "/api/v1/notifications/devices/register"): Call(
                patient, {"token": "device-1", "platform": "ANDROID"}
            ),
            ("DELETE", "/api/v1/notifications/devices/{token}"): Call(patient, ids={"token": "device-1"}),
        }


PUBLIC = {
    ("GET", "/api/v1/availability/doctors/{doctorId}"),
    ("GET", "/api/v1/availability/doctors/{doctorId}/slots"),
}


async def test_every_row_of_both_documents_serves_its_role_and_nobody_else(system: System) -> None:
    scene = await Scene(system).set()
    calls = await scene.calls()
    assert set(calls) == set(ROWS), "every row that is here is called, and no other"
    for endpoint, call in calls.items():
        named = " ".join(endpoint)
        if endpoint not in PUBLIC:
            unsigned = await call.as_(system.nobody, endpoint)
            assert unsigned.status_code == (401 if call.raw is None else 400), f"{named}: {unsigned.text}"
        for stranger in call.strangers:
            refused = await call.as_(stranger, endpoint)
            assert refused.status_code in REFUSED, f"{named}: {refused.status_code} {refused.text}"
            assert refused.headers["content-type"] == "application/problem+json"
        answer = await call.as_(call.who, endpoint)
        assert answer.is_success, f"{named}: {answer.status_code} {answer.text}"


async def test_appointments_are_listed_by_doctor_patient_status_and_date_page_by_page(system: System) -> None:
    mine, other = await system.patient(), await system.patient()
    first, second = await system.doctor(fee_amount=0), await system.doctor(fee_amount=50_000)
    for who, doctor, number in ((mine, first, 0), (mine, first, 1), (mine, second, 2), (other, first, 3)):
        await system.book(who, (await system.slots(doctor))[number])

    async def listed(who: Caller, **filters: Any) -> list[Json]:
        found: list[Json] = (await who.call("GET", "/appointments", params=filters))["items"]
        return found

    everything = await listed(system.admin)
    assert len(everything) == 4
    assert len(await listed(mine)) == 3, "a patient sees their own"
    assert len(await listed(system.admin, doctor_id=first["doctor_id"])) == 3
    assert len(await listed(system.admin, patient_id=other.id)) == 1
    assert await listed(mine, patient_id=other.id) == []
    assert {item["status"] for item in await listed(system.admin, status="confirmed")} == {"confirmed"}
    assert len(await listed(system.admin, status=["confirmed", "pending-payment"])) == 4
    times = sorted(item["starts_at"] for item in everything)
    dated = await listed(system.admin, **{"from": times[1], "to": times[3]})
    assert [item["starts_at"] for item in dated] == times[1:3]

    pages: list[Json] = []
    cursor: str | None = None
    while True:
        page = await system.admin.call(
            "GET", "/appointments", params={"limit": 3} | ({"cursor": cursor} if cursor else {})
        )
        pages += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [item["appointment_id"] for item in pages] == [item["appointment_id"] for item in everything]
