"""Makes the payments service."""

from __future__ import annotations

from dataclasses import replace

from niyat.payments import http
from niyat.payments.adapters.appointments_client import AppointmentsClient
from niyat.payments.adapters.razorpay_gateway import RazorpayGateway
from niyat.payments.adapters.razorpay_records import RazorpayRecords
from niyat.payments.adapters.razorpayx import RazorpayX
from niyat.payments.consumers import consumers
from niyat.payments.jobs import jobs
from niyat.payments.parts import Parts
from niyat.payments.settings import PaymentsSettings
from niyat.service import Context, Service

ZONE = "UPDATE ledger_zone SET time_zone = $1 WHERE time_zone <> $1"


async def create(context: Context, settings: PaymentsSettings) -> Service:
    """Wire the service over the gateway and appointments. No money moves until its jobs run or somebody calls."""
    gateway = RazorpayGateway(settings)
    payouts = RazorpayX(settings) if settings.razorpayx_account_number else None
    parts = Parts(
        db=context.db,
        gateway=gateway,
        records=RazorpayRecords(gateway),
        appointments=AppointmentsClient(context.clients["appointments"]),
        settings=settings,
        payouts=payouts,
    )

    async def close() -> None:
        await gateway.close()
        if payouts is not None:
            await payouts.close()

    await parts.db.execute(ZONE, settings.clinic_time_zone)
    return replace(wire(context, parts), close=close)


def wire(context: Context, parts: Parts) -> Service:
    """The service that works with `parts`."""
    parts.db.on_commit(parts.money.ring)
    return Service(
        name="payments",
        app=http.create(parts, context.verifier),
        db=parts.db,
        consumers=consumers(parts),
        jobs=jobs(parts),
    )
