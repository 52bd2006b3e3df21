"""Appointments over its internal routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.errors import NiyatError, ServiceUnavailable
from niyat.payments import errors
from niyat.payments.domain import Secured
from niyat.payments.ports import Quote, Verdict, Visit

REFUSALS: dict[str, type[NiyatError]] = {
    "hold-lapsed": errors.HoldLapsed,
    "appointment-cancelled": errors.AppointmentCancelled,
    "already-paid": errors.AlreadyPaid,
    "no-payment-needed": errors.NoPaymentNeeded,
}


class AppointmentsClient:
    """The `Appointments` port over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def payment_started(self, appointment_id: UUID, account_id: UUID) -> Quote:
        try:
            answer = await self._post(appointment_id, "payment-started", {"account_id": str(account_id)})
        except Refused as refused:
            if refused.status == 404:
                raise errors.AppointmentNotFound from refused
            if refused.code in REFUSALS:
                raise REFUSALS[refused.code] from refused
            raise _unexpected(refused) from refused
        return _quote(answer)

    async def quote(self, appointment_id: UUID) -> Quote:
        return _quote(await self._view(appointment_id))

    async def visit(self, appointment_id: UUID) -> Visit:
        answer = await self._view(appointment_id)
        return Visit(
            doctor_name=answer["doctor_name"],
            registration_number=answer["registration_number"],
            clinic_name=answer["clinic_name"],
            clinic_address=answer["clinic_address"],
            consultation_type=answer["consultation_type"],
            starts_at=datetime.fromisoformat(answer["starts_at"]),
            time_zone=answer["time_zone"],
        )

    async def doctor_account(self, doctor_id: UUID) -> UUID:
        try:
            answer = await self._client.call("GET", f"/internal/doctors/{doctor_id}")
        except Refused as refused:
            if refused.status == 404:
                raise errors.DoctorNotFound from refused
            raise _unexpected(refused) from refused
        return UUID(answer["account_id"])

    async def _view(self, appointment_id: UUID) -> Any:
        try:
            return await self._client.call("GET", f"/internal/appointments/{appointment_id}")
        except Refused as refused:
            if refused.status == 404:
                raise errors.AppointmentNotFound from refused
            raise _unexpected(refused) from refused

    async def secure(
        self,
        appointment_id: UUID,
        payment_id: UUID,
        order_id: str,
        amount: int,
        currency: str,
        *,
        securing: int,
    ) -> Secured:
        body = {
            "payment_id": str(payment_id),
            "order_id": order_id,
            "amount": amount,
            "currency": currency,
            "securing": securing,
        }
        answer = await self._asked(appointment_id, "secure", body)
        return Secured(answer["outcome"])

    async def payment_captured(
        self, appointment_id: UUID, payment_id: UUID, amount: int, currency: str
    ) -> Verdict:
        body = {"payment_id": str(payment_id), "amount": amount, "currency": currency}
        answer = await self._asked(appointment_id, "payment-captured", body)
        return Verdict(Secured(answer["outcome"]), answer["amount_owed_back"])

    async def _asked(self, appointment_id: UUID, what: str, body: dict[str, Any]) -> Any:
        try:
            return await self._post(appointment_id, what, body)
        except Refused as refused:
            raise _unexpected(refused) from refused

    async def _post(self, appointment_id: UUID, what: str, body: dict[str, Any]) -> Any:
        return await self._client.call("POST", f"/internal/appointments/{appointment_id}/{what}", json=body)


def _quote(answer: Any) -> Quote:
    return Quote(
        appointment_id=UUID(answer["appointment_id"]),
        doctor_id=UUID(answer["doctor_id"]),
        patient_id=UUID(answer["patient_id"]),
        amount=answer["amount"],
        currency=answer["currency"],
        policy=answer.get("policy") or {},
        hold_expires_at=_instant(answer.get("hold_expires_at")),
        starts_at=_instant(answer.get("starts_at")),
    )


def _unexpected(refused: Refused) -> ServiceUnavailable:
    """A refusal outside the contract (a token that lapsed, a version apart) is no answer: it is asked again."""
    return ServiceUnavailable(f"appointments refused with {refused.status} {refused.code}")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
