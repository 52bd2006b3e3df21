"""A visit and its patient, and what the other services tell about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from niyat.events.catalogue import (
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentEvent,
    AppointmentNoShow,
    AppointmentRescheduled,
    PaymentEvent,
    ReceiptIssued,
)

A = TypeVar("A", bound=AppointmentEvent)


P = TypeVar("P", bound=PaymentEvent)


@dataclass(frozen=True)
class Visit:
    """One appointment of one patient, and their addresses."""

    appointment_id: UUID
    patient_id: UUID
    doctor_id: UUID
    email: str
    phone: str
    starts_at: datetime
    payment_id: UUID = field(default_factory=uuid4)
    doctor_account_id: UUID = field(default_factory=uuid4)


def confirmed(visit: Visit, **different: Any) -> AppointmentConfirmed:
    fields = {"payment_id": visit.payment_id, "amount": 50_000, "currency": "INR", "status": "confirmed"}
    return _about(AppointmentConfirmed, visit, **fields | different)


def cancelled(visit: Visit, **different: Any) -> AppointmentCancelled:
    fields = {
        "status": "cancelled",
        "cancelled_by": "patient",
        "reason_code": "changed-plans",
        "amount": 50_000,
        "amount_owed_back": 25_000,
        "currency": "INR",
        "payment_id": visit.payment_id,
        "was_confirmed": True,
    }
    return _about(AppointmentCancelled, visit, **fields | different)


def missed(visit: Visit, party: str) -> AppointmentNoShow:
    return _about(
        AppointmentNoShow,
        visit,
        status="no-show",
        party=party,
        reason_code=f"{party}-absent",
        amount=50_000,
        amount_owed_back=50_000 if party == "doctor" else 0,
        currency="INR",
        payment_id=visit.payment_id,
    )


def rescheduled(
    visit: Visit, starts_at: datetime, revision: int, *, before: datetime | None = None
) -> AppointmentRescheduled:
    """From `before`, else from the visit's first time, ₹200 cheaper each time."""
    previous = before or visit.starts_at
    return _about(
        AppointmentRescheduled,
        visit,
        status="confirmed",
        revision=revision,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        previous_starts_at=previous,
        previous_ends_at=previous + timedelta(minutes=30),
        rescheduled_by="doctor",
        reason_code="doctor-request",
        amount=50_000 - 20_000 * revision,
        amount_owed_back=20_000,
        currency="INR",
        payment_id=visit.payment_id,
    )


def paid(visit: Visit) -> ReceiptIssued:
    return about_money(ReceiptIssued, visit, receipt_id=uuid4(), receipt_number="2026-27/R/000123")


def _about(kind: type[A], visit: Visit, **different: Any) -> A:
    fields: dict[str, Any] = {
        "appointment_id": visit.appointment_id,
        "doctor_id": visit.doctor_id,
        "patient_id": visit.patient_id,
        "revision": 0,
        "starts_at": visit.starts_at,
        "ends_at": visit.starts_at + timedelta(minutes=30),
        "time_zone": "Asia/Kolkata",
        "consultation_type": "VIDEO",
        "occurred_at": visit.starts_at - timedelta(days=3),
    }
    return kind(**fields | different)


def about_money(kind: type[P], visit: Visit, **different: Any) -> P:
    fields: dict[str, Any] = {
        "payment_id": visit.payment_id,
        "appointment_id": visit.appointment_id,
        "patient_id": visit.patient_id,
        "doctor_id": visit.doctor_id,
        "amount": 50_000,
        "currency": "INR",
        "occurred_at": visit.starts_at - timedelta(days=3),
    }
    return kind(**fields | different)
