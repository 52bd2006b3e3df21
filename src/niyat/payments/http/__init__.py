"""The service's HTTP app: payments, refunds, the desk, the books, payouts, and what the gateway itself calls."""

from __future__ import annotations

from fastapi import FastAPI

from niyat.kernel.auth import TokenVerifier
from niyat.kernel.http import create_app
from niyat.payments.http import (
    audit_log,
    desk,
    disputes,
    downtimes,
    gateway_calls,
    ledger,
    ledger_export,
    payments,
    payout_batches,
    payout_doctors,
    payouts,
    reads,
    receipts,
    reconciliation,
    refunds,
    statements,
    webhooks,
)
from niyat.payments.http.table import TABLE
from niyat.payments.parts import Parts

DESCRIPTION = """
Takes money for visits and gives it back. An order is made at the payment provider; what the browser, the provider's
webhooks and our own polling say about it meet in one place, so that every rupee is on a visit or on its way back.
"""

PREFIX = "/api/v1/payments"


def create(parts: Parts, verifier: TokenVerifier) -> FastAPI:
    """The app that works with `parts`."""
    app = routes()
    app.state.parts = parts
    app.state.db = parts.db
    app.state.verifier = verifier
    return app


def routes() -> FastAPI:
    """The app's routes, without what they work on."""
    app = create_app("Niyat payments", DESCRIPTION, table=TABLE)
    for router in (
        payments.router,
        gateway_calls.router,
        webhooks.router,
        audit_log.router,
        disputes.router,
        downtimes.router,
        reads.router,
        receipts.router,
        refunds.router,
        desk.router,
    ):
        app.include_router(router, prefix=PREFIX)
    for older in (payments.older, gateway_calls.older):
        app.include_router(older, prefix="/payments")
    for router in (ledger.router, ledger_export.router):
        app.include_router(router, prefix="/api/v1/ledger")
    # What is one doctor's or a batch's before single payouts: their paths are more particular.
    for router in (payout_doctors.router, statements.router, payout_batches.router, payouts.router):
        app.include_router(router, prefix="/api/v1/payouts")
    app.include_router(reconciliation.router, prefix="/api/v1/reconciliation")
    return app
