"""Asks the appointments service how appointments stand (ADR 8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.errors import ServiceUnavailable
from niyat.notifications.adapters.answers import find_many
from niyat.notifications.errors import DoctorNotFound
from niyat.notifications.ports import AppointmentView, DoctorDay, Found


class AppointmentsClient:
    """Appointments over the one typed client."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def find_many(self, appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        return await find_many(
            self._client, "/internal/appointments/find", "appointment_id", appointment_ids, AppointmentView
        )

    async def day_of(self, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> DoctorDay:
        hours = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        path = f"/internal/doctors/{doctor_id}/day?{urlencode(hours)}"
        return DoctorDay.model_validate(await self._of_doctor(path))

    async def account_of(self, doctor_id: UUID) -> UUID:
        return UUID((await self._of_doctor(f"/internal/doctors/{doctor_id}"))["account_id"])

    async def _of_doctor(self, path: str) -> Any:
        try:
            return await self._client.call("GET", path)
        except Refused as refused:
            if refused.status == 404:
                raise DoctorNotFound from refused
            raise ServiceUnavailable("Appointments refuses to answer.") from refused
