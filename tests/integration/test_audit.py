"""The audit finds what is planted, and names it."""

from __future__ import annotations

import asyncpg

from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox
from tests.support.system import System, running_system

# What each damage is, in whose database, and the check that must find it.
DAMAGE = [
    ("appointments", "UPDATE appointments SET secured_by = gen_random_uuid()", "no-booking-without-money"),
    ("appointments", "UPDATE appointments SET secured_by = gen_random_uuid()", "no-money-without-a-booking"),
    ("appointments", "UPDATE available_slots SET status = 'available'", "slots-agree-with-appointments"),
    ("appointments", "UPDATE outbox SET published_at = NULL", "outbox-empties"),
    (
        "payments",
        "UPDATE inbox SET state = 'dead'",
        "inbox-empties",
    ),
    (
        "payments",
        "ALTER TABLE ledger_entries DISABLE TRIGGER USER; DELETE FROM ledger_entries",
        "ledger-sums-to-zero",
    ),
    (
        "notifications",
        "DELETE FROM scheduled_notifications WHERE appointment_id IS NOT NULL",
        "no-booking-untold",
    ),
]


async def test_every_planted_damage_is_found_by_the_check_that_is_for_it(
    databases: Databases, moving_sandbox: Sandbox
) -> None:
    async with running_system(databases, moving_sandbox, audited=False) as system:
        await a_paid_booking(system)
        clean = await system.audit()
        assert clean.clean, str(clean)
        await system.niyat.pause()
        for service, damage, check in DAMAGE:
            connection = await asyncpg.connect(databases.superuser_url(service))
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(damage)
            await transaction.commit()
            await connection.close()
            report = await system.audit()
            assert check in [finding.check for finding in report.findings], f"{damage} went unseen\n{report}"
        system.niyat.resume()


async def a_paid_booking(system: System) -> None:
    patient, doctor = await system.patient(), await system.doctor()
    booking = await system.book(patient, (await system.slots(doctor))[0])
    await system.sandbox.pay(booking["payment"]["order_id"])
    await system.becomes(patient, booking, "confirmed")
    await system.settle()
