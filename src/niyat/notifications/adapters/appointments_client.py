"""Asks the appointments service how an appointment stands (ADR 8)."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.errors import ServiceUnavailable
from niyat.notifications.errors import AppointmentNotFound
from niyat.notifications.ports import AppointmentView


class AppointmentsClient:
    """Appointments over the one typed client."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def find(self, appointment_id: UUID) -> AppointmentView:
        """Any refusal but 404 (our token, a limit) says nothing about the appointment, so it counts as no answer."""
        try:
            answer = await self._client.call("GET", f"/internal/appointments/{appointment_id}")
        except Refused as refused:
            if refused.status == 404:
                raise AppointmentNotFound from refused
            raise ServiceUnavailable("Appointments refuses to answer.") from refused
        return AppointmentView.model_validate(answer)
