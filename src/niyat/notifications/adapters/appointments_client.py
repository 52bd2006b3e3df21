"""Asks the appointments service how appointments stand (ADR 8)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from niyat.kernel.client import ServiceClient
from niyat.notifications.adapters.answers import find_many
from niyat.notifications.ports import AppointmentView, Found


class AppointmentsClient:
    """Appointments over the one typed client."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def find_many(self, appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        return await find_many(
            self._client, "/internal/appointments/find", "appointment_id", appointment_ids, AppointmentView
        )
