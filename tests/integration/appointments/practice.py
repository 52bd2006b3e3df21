"""Two doctors on a real database, every command as their patients and staff give it, and what the database then
holds. The commands are called as the edge calls them, without HTTP around them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

import asyncpg

from niyat.appointments.checks import CHECKS
from niyat.appointments.commands.block_time import Block, block_time
from niyat.appointments.commands.cancel import cancel
from niyat.appointments.commands.complete import complete
from niyat.appointments.commands.confirm import confirm_captured, confirm_free
from niyat.appointments.commands.create_clinic import create_clinic
from niyat.appointments.commands.create_doctor import NewDoctor, create_doctor
from niyat.appointments.commands.expire import expire_lapsed
from niyat.appointments.commands.generate import generate
from niyat.appointments.commands.join_waitlist import Wish, join_waitlist
from niyat.appointments.commands.leave_waitlist import leave_waitlist
from niyat.appointments.commands.lift_block import lift_block
from niyat.appointments.commands.no_show import no_show
from niyat.appointments.commands.offer import Consultation
from niyat.appointments.commands.payment_started import payment_started
from niyat.appointments.commands.plan import replan
from niyat.appointments.commands.release import release
from niyat.appointments.commands.remove_override import remove_override
from niyat.appointments.commands.reschedule import reschedule
from niyat.appointments.commands.reserve import reserve
from niyat.appointments.commands.secure import secure
from niyat.appointments.commands.set_override import Override, set_override
from niyat.appointments.commands.set_week import WeekdayWindow, set_week
from niyat.appointments.commands.settle import Outcome
from niyat.appointments.commands.update_doctor import DoctorChange, update_doctor
from niyat.appointments.commands.windows import Window
from niyat.appointments.domain import ConsultationType, Party
from niyat.appointments.refund_policy import RefundPolicy
from niyat.appointments.reservation import Reservation
from niyat.appointments.slot_queries import SlotFilter, slots_of
from niyat.kernel.auth import Principal
from niyat.kernel.db import Database, Row
from niyat.kernel.errors import NiyatError
from niyat.kernel.idempotency import Once
from niyat.kernel.ids import new_id
from niyat.kernel.money import Money
from tests.integration.appointments.model_schedule import Hours, Span, Terms
from tests.support.postgres import Databases

T = TypeVar("T")
DAYS_AHEAD = 2
OFFER_STANDS = timedelta(minutes=30)
WHY = "seen"
ADMIN = Principal(new_id(), frozenset({"admin"}))

EMPTY = """
SET session_replication_role = replica;
TRUNCATE clinics, outbox, idempotency_keys, audit_log CASCADE;
SET session_replication_role = origin;
"""
ANY_MOMENT = "ALTER TABLE niyat_clock DISABLE TRIGGER ALL"
STAND_STILL = "UPDATE niyat_clock SET frozen_at = $1"

# What waits for a job (the relay, the expiry) is let off: jobs run when the test says so.
BROKEN = " UNION ALL ".join(
    f"SELECT '{check.name}' WHERE EXISTS ({check.sql.replace('$1', '1e9')})" for check in CHECKS
)
SLOTS = "SELECT * FROM available_slots ORDER BY doctor_id, starts_at, ends_at"
VISITS = """
SELECT a.*, lower(busy) AS busy_from, upper(busy) AS busy_until, ARRAY(
    SELECT to_status FROM appointment_status_history h WHERE appointment_id = a.id ORDER BY id) AS path
FROM appointments a ORDER BY id
"""

LINE = "SELECT * FROM waitlist_entries ORDER BY place"


@dataclass(frozen=True)
class Held:
    """What the database holds."""

    slots: Sequence[Row]
    visits: Sequence[Row]
    line: dict[UUID, Row]
    broken: Sequence[str]


def payment_of(visit_id: UUID, number: int) -> UUID:
    """The first, second… payment that somebody makes for a visit."""
    return uuid5(visit_id, str(number))


def wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def patient(account_id: UUID) -> Principal:
    return Principal(account_id, frozenset({"patient"}))


def doctor(account_id: UUID) -> Principal:
    return Principal(account_id, frozenset({"doctor"}))


async def refusal(command: Awaitable[object]) -> str | None:
    """The code with which the command is refused; None when it is carried out."""
    try:
        await command
    except NiyatError as error:
        return error.code
    return None


class Practice:
    """The commands. `who` is a principal; times are instants."""

    def __init__(self, db: Database, control: asyncpg.Connection[asyncpg.Record]) -> None:
        self.db = db
        self._control = control

    @classmethod
    async def open(cls, db: Database, databases: Databases) -> Practice:
        control = await asyncpg.connect(databases.superuser_url("appointments"))
        await control.execute(ANY_MOMENT)
        await control.execute("SET jit = off")
        return cls(db, control)

    async def close(self) -> None:
        await self._control.close()

    async def begin(self, now: datetime) -> None:
        """An empty database, whose clock stands at `now`."""
        await self._control.execute(EMPTY)
        await self.stand_still(now)

    async def stand_still(self, now: datetime) -> None:
        await self._control.execute(STAND_STILL, now)

    async def add_clinic(self) -> UUID:
        return await self.db.run(create_clinic, ADMIN, name="Clinic", address="", reason=WHY)

    async def add_doctor(self, clinic_id: UUID, account_id: UUID, zone: str, offer: dict[str, Terms]) -> UUID:
        new = NewDoctor(
            account_id=account_id,
            clinic_id=clinic_id,
            name="Dr Test",
            specialty="General medicine",
            languages=(),
            registration_number="",
            bio="",
            place="",
            currency="INR",
            time_zone=zone,
            offer=_consultations(offer),
        )
        return await self.db.run(create_doctor, ADMIN, new, reason=WHY)

    async def set_week(self, doctor_id: UUID, who: Principal, week: Sequence[Hours]) -> None:
        rows = [WeekdayWindow(weekday=day, **_window(hours)) for day in range(1, 8) for hours in week]
        await self.db.run(set_week, who, doctor_id, rows, reason=WHY, days_ahead=DAYS_AHEAD)

    async def set_offer(self, doctor_id: UUID, who: Principal, offer: dict[str, Terms]) -> None:
        change = DoctorChange(offer=_consultations(offer))
        await self.db.run(update_doctor, who, doctor_id, change, reason=WHY, days_ahead=DAYS_AHEAD)

    async def set_day(
        self, doctor_id: UUID, who: Principal, day: date, hours: Sequence[Hours], outcomes: Sequence[Outcome]
    ) -> None:
        override = Override(doctor_id=doctor_id, day=day, windows=[Window(**_window(h)) for h in hours])
        await self.db.run(set_override, who, override, outcomes, reason=WHY, days_ahead=DAYS_AHEAD)

    async def reset_day(
        self, doctor_id: UUID, who: Principal, day: date, outcomes: Sequence[Outcome]
    ) -> None:
        await self.db.run(remove_override, who, doctor_id, day, outcomes, reason=WHY, days_ahead=DAYS_AHEAD)

    async def block(
        self, block_id: UUID, doctor_id: UUID, who: Principal, span: Span, outcomes: Sequence[Outcome]
    ) -> None:
        block = Block(id=block_id, doctor_id=doctor_id, starts_at=span[0], ends_at=span[1])
        await self.db.run(block_time, who, block, outcomes, reason=WHY, days_ahead=DAYS_AHEAD)

    async def lift(self, block_id: UUID, who: Principal) -> None:
        await self.db.run(lift_block, who, block_id, reason=WHY, days_ahead=DAYS_AHEAD)

    async def replan(self, doctor_id: UUID) -> int:
        return await self.db.run(replan, [doctor_id], days_ahead=DAYS_AHEAD)

    async def generate(self) -> None:
        await generate(self.db, days_ahead=DAYS_AHEAD, doctors_per_batch=1)

    async def expire(self) -> None:
        await expire_lapsed(self.db)

    async def reserve(self, slot_id: UUID, patient_id: UUID, kind: str, key: str | None = None) -> UUID:
        once = Once(patient_id, "POST reserve", key, "f")
        wanted = Reservation(slot_id, patient_id, ConsultationType(kind))
        answer = await reserve(self.db, once, wanted, policy=RefundPolicy())
        return UUID(answer.body["appointment_id"])

    async def start_payment(self, visit_id: UUID, account_id: UUID) -> None:
        await self.db.run(payment_started, visit_id, account_id=account_id)

    async def secure(self, visit_id: UUID, payment: UUID, amount: int, number: int) -> str:
        paid = Money(amount, "INR")
        return await self.db.run(secure, visit_id, payment_id=payment, paid=paid, securing=number)

    async def release(self, visit_id: UUID, payment: UUID, number: int) -> None:
        await self.db.run(release, visit_id, payment_id=payment, securing=number)

    async def capture(self, visit_id: UUID, payment: UUID, amount: int) -> tuple[str, int]:
        found = await self.db.run(confirm_captured, visit_id, payment_id=payment, paid=Money(amount, "INR"))
        return found.outcome, found.amount_owed_back

    async def confirm(self, visit_id: UUID, who: Principal) -> None:
        await self.db.run(confirm_free, visit_id, who, reason_code=WHY)

    async def cancel(self, visit_id: UUID, who: Principal) -> None:
        await self.db.run(cancel, visit_id, who, reason_code=WHY)

    async def move(self, visit_id: UUID, who: Principal, slot_id: UUID, kind: str) -> None:
        wanted = ConsultationType(kind)
        await self.db.run(reschedule, visit_id, who, slot_id, consultation_type=wanted, reason_code=WHY)

    async def complete(self, visit_id: UUID, who: Principal) -> None:
        await self.db.run(complete, visit_id, who, reason_code=WHY)

    async def no_show(self, visit_id: UUID, who: Principal, party: Party) -> None:
        await self.db.run(no_show, visit_id, who, party=party, reason_code=None)

    async def join(self, doctor_id: UUID, patient_id: UUID, kind: str | None) -> UUID:
        wish = Wish(doctor_id=doctor_id, consultation_type=ConsultationType(kind) if kind else None)
        return await self.db.run(
            join_waitlist, patient_id, wish, policy=RefundPolicy(), offer_stands=OFFER_STANDS
        )

    async def leave(self, entry_id: UUID, who: Principal) -> None:
        await self.db.run(leave_waitlist, entry_id, who)

    async def held(self) -> Held:
        return Held(
            await self._control.fetch(SLOTS),
            await self._control.fetch(VISITS),
            {row["id"]: row for row in await self._control.fetch(LINE)},
            [row[0] for row in await self._control.fetch(BROKEN)],
        )

    async def listed(self, doctor_id: UUID, now: datetime) -> dict[Span, tuple[str, ...]]:
        wanted = SlotFilter(doctor_id=doctor_id, from_at=now, to_at=now + timedelta(days=30))
        _, rows = await slots_of(self.db, wanted, after=None, limit=1000)
        return {(row["starts_at"], row["ends_at"]): tuple(row["consultation_types"]) for row in rows}


def _consultations(offer: dict[str, Terms]) -> list[Consultation]:
    return [
        Consultation(
            consultation_type=ConsultationType(kind),
            fee_amount=terms.fee,
            slot_minutes=terms.length,
            buffer_before_minutes=terms.before,
            buffer_after_minutes=terms.after,
            minimum_notice_minutes=terms.notice,
            maximum_advance_days=terms.advance,
        )
        for kind, terms in offer.items()
    ]


def _window(hours: Hours) -> dict[str, Any]:
    kinds = None if hours.kinds is None else [ConsultationType(kind) for kind in hours.kinds]
    return {
        "start_time": wall(hours.begin),
        "end_time": wall(hours.end),
        "consultation_types": kinds,
    }
