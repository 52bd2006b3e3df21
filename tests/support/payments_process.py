"""A payments process of its own, on a test's database: what the test tells it, and how it sets itself up by that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from niyat.kernel.db import Database
from niyat.payments.adapters.razorpay_gateway import RazorpayGateway
from niyat.payments.adapters.razorpay_records import RazorpayRecords
from niyat.payments.adapters.razorpayx import RazorpayX
from niyat.payments.parts import Parts
from niyat.payments.settings import PaymentsSettings
from tests.support.payers import ACCOUNT_NUMBER
from tests.support.payments_appointments import InMemoryAppointments, Visit
from tests.support.payments_world import World
from tests.support.sandbox import Json

WHO = ("appointment_id", "patient_id", "doctor_id")


def task_for(world: World, visit: Visit, *do: str, **settings: Any) -> Json:
    """To do `do` about `visit`, on the world's database and account."""
    return {
        "database": world.db_url,
        "settings": {
            "razorpay_key_id": world.account.key_id,
            "razorpay_key_secret": world.account.key_secret,
            "razorpay_webhook_secret": world.account.webhook_secret,
            "razorpay_base_url": world.sandbox.razorpay_url,
            "razorpayx_account_number": ACCOUNT_NUMBER,
            **settings,
        },
        "visit": {name: str(getattr(visit, name)) for name in WHO},
        "do": do,
    }


async def set_up(task: Json, appointments: InMemoryAppointments) -> tuple[Parts, Visit]:
    """Payments as the task says, beside `appointments`, who come to know the visit; nothing is ever closed."""
    settings = PaymentsSettings(**task["settings"])
    appointment_id, patient_id, doctor_id = (UUID(task["visit"][name]) for name in WHO)
    visit = Visit(appointment_id, patient_id, doctor_id)
    appointments.visits[visit.appointment_id] = visit
    gateway = RazorpayGateway(settings)
    parts = Parts(
        db=await Database.connect(task["database"]),
        gateway=gateway,
        records=RazorpayRecords(gateway),
        appointments=appointments,
        settings=settings,
        payouts=RazorpayX(settings) if settings.razorpayx_account_number else None,
    )
    return parts, visit
