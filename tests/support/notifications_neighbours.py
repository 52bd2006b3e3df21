"""Stand-ins for the two services that notifications asks: who somebody is, and what stands now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.errors import ServiceUnavailable
from niyat.notifications.errors import DoctorNotFound
from niyat.notifications.ports import Account, AppointmentView, DoctorDay, Found, VisitOfDay


@dataclass
class FakeAppointments:
    """Appointments as it stands now. `reachable` False: nobody answers."""

    reachable: bool = True
    known: dict[UUID, AppointmentView] = field(default_factory=dict)
    doctors: dict[UUID, UUID] = field(default_factory=dict)
    asked: int = 0

    async def find_many(self, appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        self.asked += 1
        if not self.reachable:
            raise ServiceUnavailable
        return Found({each: self.known[each] for each in appointment_ids if each in self.known})

    async def day_of(self, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> DoctorDay:
        if not self.reachable:
            raise ServiceUnavailable
        account_id = await self.account_of(doctor_id)
        theirs = [
            each
            for each in self.known.values()
            if each.doctor_account_id == account_id
            and each.status == "confirmed"
            and starts_at <= each.starts_at < ends_at
        ]
        return DoctorDay(
            doctor_id=doctor_id,
            doctor_account_id=account_id,
            clinic_name="Sunrise Clinic",
            time_zone="Asia/Kolkata",
            starts_at=starts_at,
            ends_at=ends_at,
            visits=[
                VisitOfDay.model_validate(each.model_dump())
                for each in sorted(theirs, key=lambda each: each.starts_at)
            ],
        )

    async def account_of(self, doctor_id: UUID) -> UUID:
        if not self.reachable:
            raise ServiceUnavailable
        try:
            return self.doctors[doctor_id]
        except KeyError:
            raise DoctorNotFound from None

    def change(self, appointment_id: UUID, **different: Any) -> None:
        self.known[appointment_id] = self.known[appointment_id].model_copy(update=different)


@dataclass
class FakeAccounts:
    known: dict[UUID, Account] = field(default_factory=dict)
    admins: list[UUID] = field(default_factory=list)

    async def find_many(self, account_ids: Collection[UUID]) -> Found[Account]:
        return Found({each: self.known[each] for each in account_ids if each in self.known})

    async def administrators(self) -> list[UUID]:
        return self.admins
