"""One suite for payments' `Appointments` port: the one in memory that payments' tests use, and the real service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from niyat.appointments.commands.release import release
from niyat.kernel.client import Loopback, ServiceClient
from niyat.payments import errors
from niyat.payments.adapters.appointments_client import AppointmentsClient
from niyat.payments.domain import Secured
from niyat.payments.ports import Appointments
from tests.integration.appointments.world import Json, Person, World, appointments
from tests.support.payments_appointments import PRICE, InMemoryAppointments, Visit
from tests.support.postgres import Databases


class Side(Protocol):
    """The port, and what happens at appointments meanwhile."""

    port: Appointments

    async def visit(self) -> tuple[UUID, UUID]:
        """A visit that is held, and its patient."""
        ...

    async def doctor(self) -> tuple[UUID, UUID]:
        """A doctor, and the account that they sign in with."""
        ...

    async def cancel(self, visit: UUID) -> None: ...

    async def expire(self, visit: UUID, *, slot_free: bool) -> None: ...

    async def release(self, visit: UUID, payment: UUID, securing: int) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self._fake = InMemoryAppointments()
        self.port: Appointments = self._fake

    async def visit(self) -> tuple[UUID, UUID]:
        made = Visit(uuid4(), uuid4(), uuid4())
        self._fake.visits[made.appointment_id] = made
        return made.appointment_id, made.patient_id

    async def doctor(self) -> tuple[UUID, UUID]:
        doctor_id, account_id = uuid4(), uuid4()
        self._fake.doctors[doctor_id] = account_id
        return doctor_id, account_id

    async def cancel(self, visit: UUID) -> None:
        self._fake.visits[visit].status = "cancelled"

    async def expire(self, visit: UUID, *, slot_free: bool) -> None:
        self._fake.visits[visit].status, self._fake.visits[visit].slot_free = "expired", slot_free

    async def release(self, visit: UUID, payment: UUID, securing: int) -> None:
        self._fake.released(self._fake.visits[visit], payment, securing)


class Real:
    def __init__(self, world: World) -> None:
        async def token() -> str:
            return world.payments.http.headers["authorization"].removeprefix("Bearer ")

        self.client = ServiceClient(
            "appointments", base_url="http://appointments", token=token, transport=Loopback(world.app)
        )
        self.port: Appointments = AppointmentsClient(self.client)
        self._world = world
        self._held: dict[UUID, tuple[Person, Json]] = {}

    async def visit(self) -> tuple[UUID, UUID]:
        who, held = await self._world.held()
        appointment_id = UUID(held["appointment_id"])
        self._held[appointment_id] = who, held
        return appointment_id, who.id

    async def doctor(self) -> tuple[UUID, UUID]:
        row = await self._world.db.fetchrow("SELECT id, account_id FROM doctors LIMIT 1")
        if row is None:
            await self.visit()
            return await self.doctor()
        return row["id"], row["account_id"]

    async def cancel(self, visit: UUID) -> None:
        who, _ = self._held[visit]
        await who.call("POST", f"/api/v1/appointments/{visit}/cancel")

    async def expire(self, visit: UUID, *, slot_free: bool) -> None:
        await self._world.move(minutes=6)
        await self._world.expire()
        if not slot_free:
            await self._world.reserve(self._world.patient(), self._held[visit][1])

    async def release(self, visit: UUID, payment: UUID, securing: int) -> None:
        await self._world.db.run(release, visit, payment_id=payment, securing=securing)


@pytest.fixture(params=["in memory", "the service"])
async def side(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Side]:
    if request.param == "in memory":
        yield InMemory()
        return
    async with appointments(databases) as world:
        real = Real(world)
        yield real
        await real.client.close()


async def secure(
    side: Side, visit: UUID, payment: UUID, amount: int = PRICE, *, securing: int = 1
) -> Secured:
    return await side.port.secure(visit, payment, "order_1", amount, "INR", securing=securing)


async def test_the_quote_is_for_the_patient_and_the_same_when_asked_again(side: Side) -> None:
    visit, patient = await side.visit()
    quote = await side.port.payment_started(visit, patient)
    assert (quote.appointment_id, quote.patient_id, quote.amount, quote.currency) == (
        visit,
        patient,
        PRICE,
        "INR",
    )
    assert (await side.port.payment_started(visit, patient)).amount == PRICE
    assert (await side.port.quote(visit)).amount == PRICE
    with pytest.raises(errors.AppointmentNotFound):
        await side.port.payment_started(visit, uuid4())
    with pytest.raises(errors.AppointmentNotFound):
        await side.port.payment_started(uuid4(), patient)
    with pytest.raises(errors.AppointmentNotFound):
        await side.port.quote(uuid4())


async def test_a_doctors_account_is_known_and_a_doctor_that_is_not_there_is_not(side: Side) -> None:
    doctor_id, account_id = await side.doctor()
    assert await side.port.doctor_account(doctor_id) == account_id
    with pytest.raises(errors.DoctorNotFound):
        await side.port.doctor_account(uuid4())


async def test_no_payment_begins_for_what_is_cancelled_expired_or_confirmed(side: Side) -> None:
    for ended, refusal in (
        (side.cancel, errors.AppointmentCancelled),
        (lambda visit: side.expire(visit, slot_free=True), errors.HoldLapsed),
    ):
        visit, patient = await side.visit()
        await ended(visit)
        with pytest.raises(refusal):
            await side.port.payment_started(visit, patient)
    visit, patient = await side.visit()
    payment = uuid4()
    await side.port.payment_started(visit, patient)
    await secure(side, visit, payment)
    await side.port.payment_captured(visit, payment, PRICE, "INR")
    with pytest.raises(errors.AlreadyPaid):
        await side.port.payment_started(visit, patient)


async def test_one_payment_secures_the_place_as_often_as_it_asks_and_another_waits(side: Side) -> None:
    visit, patient = await side.visit()
    first, second = uuid4(), uuid4()
    await side.port.payment_started(visit, patient)
    assert [await secure(side, visit, first) for _ in range(2)] == [Secured.SECURED] * 2
    assert await secure(side, visit, second) is Secured.BUSY
    assert (await side.port.payment_captured(visit, first, PRICE, "INR")).outcome is Secured.CONFIRMED
    assert await secure(side, visit, first) is Secured.SECURED
    assert await secure(side, visit, second) is Secured.ALREADY_PAID


async def test_another_amount_than_quoted_is_a_mismatch_whoever_has_the_place(side: Side) -> None:
    visit, patient = await side.visit()
    await side.port.payment_started(visit, patient)
    assert await secure(side, visit, uuid4(), PRICE - 1) is Secured.MISMATCH
    await secure(side, visit, uuid4())
    assert await secure(side, visit, uuid4(), PRICE - 1) is Secured.MISMATCH


async def test_a_wish_that_a_release_overtook_is_busy_and_an_older_release_is_passed_over(side: Side) -> None:
    visit, patient = await side.visit()
    first, second = uuid4(), uuid4()
    await side.port.payment_started(visit, patient)
    await secure(side, visit, first, securing=1)
    await side.release(visit, first, 1)
    assert await secure(side, visit, first, securing=1) is Secured.BUSY
    assert await secure(side, visit, second, securing=2) is Secured.SECURED
    await side.release(visit, second, 1)
    assert await secure(side, visit, second, securing=2) is Secured.SECURED


@pytest.mark.parametrize(("slot_free", "outcome"), [(True, Secured.SECURED), (False, Secured.GONE)])
async def test_late_money_finds_the_place_free_or_gone(side: Side, slot_free: bool, outcome: Secured) -> None:
    visit, _ = await side.visit()
    await side.expire(visit, slot_free=slot_free)
    payment = uuid4()
    assert await secure(side, visit, payment) is outcome
    verdict = await side.port.payment_captured(visit, payment, PRICE, "INR")
    assert verdict.outcome is (Secured.CONFIRMED if slot_free else Secured.GONE)
    assert verdict.amount_owed_back == (0 if slot_free else PRICE)


async def test_money_for_a_cancelled_visit_goes_back(side: Side) -> None:
    visit, patient = await side.visit()
    payment = uuid4()
    await side.port.payment_started(visit, patient)
    await secure(side, visit, payment)
    await side.cancel(visit)
    assert await secure(side, visit, payment) is Secured.CANCELLED
    verdict = await side.port.payment_captured(visit, payment, PRICE, "INR")
    assert (verdict.outcome, verdict.amount_owed_back) == (Secured.CANCELLED, PRICE)


async def test_a_second_capture_goes_back_in_full(side: Side) -> None:
    visit, patient = await side.visit()
    kept, other = uuid4(), uuid4()
    await side.port.payment_started(visit, patient)
    await secure(side, visit, kept)
    await side.port.payment_captured(visit, kept, PRICE, "INR")
    verdict = await side.port.payment_captured(visit, other, PRICE, "INR")
    assert (verdict.outcome, verdict.amount_owed_back) == (Secured.ALREADY_PAID, PRICE)
    assert (await side.port.payment_captured(visit, kept, PRICE, "INR")).outcome is Secured.CONFIRMED
