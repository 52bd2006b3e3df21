"""Makes the payments service."""

from __future__ import annotations

from niyat.kernel.jobs import Bell
from niyat.payments.adapters.appointments_client import AppointmentsClient
from niyat.payments.adapters.razorpay_gateway import RazorpayGateway
from niyat.payments.consumers import consumer
from niyat.payments.http import routes
from niyat.payments.jobs import jobs
from niyat.payments.settings import PaymentsSettings
from niyat.payments.till import Till
from niyat.service import Context, Service


async def create(context: Context, settings: PaymentsSettings) -> Service:
    """Wire the service over the gateway and appointments. No money moves until its jobs run or somebody calls."""
    gateway = RazorpayGateway(settings)
    till = Till(
        db=context.db,
        gateway=gateway,
        appointments=AppointmentsClient(context.clients["appointments"]),
        settings=settings,
    )
    return wire(context, till, gateway)


def wire(context: Context, till: Till, gateway: RazorpayGateway) -> Service:
    """The service around a till (tests bring an `Appointments` of their own)."""
    webhooks, money = Bell(), Bell()
    context.db.on_commit(money.ring)
    app = routes()
    app.state.db = context.db
    app.state.verifier = context.verifier
    app.state.till = till
    app.state.webhooks = webhooks
    return Service(
        name="payments",
        app=app,
        db=context.db,
        consumers=[consumer(till.settings.commission_percent)],
        jobs=jobs(till, webhooks, money),
        close=gateway.close,
    )
