"""Makes the demo clinic through the admin API, as an administrator would. Running it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from niyat.demo.clinic import Clinic, Demo, Doctor, Place, load
from niyat.demo.session import Session, call, sign_in

Say = Callable[[str], None]
WHY = "The demo clinic"


async def seed_clinic(address: str, sandbox_url: str, say: Say) -> None:
    """Make every clinic and doctor of the demo that is not there yet. The administrator exists already."""
    demo = load()
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as anybody:
        known = {
            doctor["name"] for doctor in (await call(anybody, "GET", "/api/v1/doctors?limit=100"))["items"]
        }
    missing = [doctor for doctor in demo.doctors if doctor.name not in known]
    if not missing:
        return
    say(f"Making a demo clinic with {len(demo.doctors)} doctors")
    admin = await sign_in(address, sandbox_url, name=demo.admin.name, email=str(demo.admin.email))
    clinics = {clinic.name: await _clinic(admin, clinic) for clinic in demo.clinics}
    places = {
        place.name: await _place(admin, place, clinics[clinic.name]["clinic_id"])
        for clinic in demo.clinics
        for place in clinic.places
    }
    for doctor in missing:
        await _doctor(admin, demo, doctor, clinics[doctor.clinic]["clinic_id"], places)
    await admin.http.aclose()


async def _clinic(admin: Session, clinic: Clinic) -> Any:
    return await admin.call(
        "POST",
        "/api/v1/clinics",
        {"name": clinic.name, "address": clinic.address, "reason": WHY},
        headers={"idempotency-key": f"demo/{clinic.name}"},
    )


async def _place(admin: Session, place: Place, clinic_id: str) -> Any:
    return await admin.call(
        "POST",
        f"/api/v1/clinics/{clinic_id}/places",
        place.model_dump() | {"reason": WHY},
        headers={"idempotency-key": f"demo/{place.name}"},
    )


async def _doctor(
    admin: Session, demo: Demo, doctor: Doctor, clinic_id: str, places: Mapping[str, Any]
) -> None:
    """An account, the doctor, and the hours of the week; each step may have been done before."""
    zone = next(clinic.time_zone for clinic in demo.clinics if clinic.name == doctor.clinic)
    key = {"idempotency-key": f"demo/{doctor.email}"}
    account = await admin.call(
        "POST",
        "/api/v1/accounts",
        {
            "name": doctor.name,
            "email": doctor.email,
            "roles": ["doctor"],
            "time_zone": zone,
            "reason": "A doctor of the demo clinic",
        },
        headers=key,
    )
    fields = doctor.model_dump(mode="json", exclude={"email", "clinic", "hours"}, exclude_none=True)
    made = await admin.call(
        "POST",
        "/api/v1/doctors",
        fields
        | {"account_id": account["account_id"], "clinic_id": clinic_id, "time_zone": zone, "reason": WHY},
        headers=key,
    )
    hours = [
        window.model_dump(mode="json", exclude={"weekdays", "place"})
        | {"weekday": day, "place_id": places[window.place]["place_id"] if window.place else None}
        for window in doctor.hours
        for day in window.weekdays
    ]
    await admin.call(
        "POST",
        "/api/v1/availability/weekly",
        {"doctor_id": made["doctor_id"], "hours": hours, "reason": WHY},
        headers=key,
    )
