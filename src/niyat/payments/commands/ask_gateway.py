"""An administrator doubts what we know of a visit's money: the gateway is asked anew, now. Only it can authorise.

Spans transactions. Nothing is set by hand; what the gateway says goes the ordinary way.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.errors import ServiceUnavailable
from niyat.payments.audit_log import remember
from niyat.payments.commands.advance import advance
from niyat.payments.commands.poll import ask_about
from niyat.payments.errors import NothingAuthorized, PaymentNotFound
from niyat.payments.parts import Parts

ORDERS = """
SELECT * FROM payment_transactions
WHERE appointment_id = $1 AND gateway = 'razorpay' AND gateway_order_id IS NOT NULL ORDER BY payment_id
"""
WAITING = """
SELECT a.gateway_payment_id FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
WHERE a.appointment_id = $1 AND step IN ('securing', 'capturing') AND p.gateway = 'razorpay'
"""
WITH_MONEY = """
SELECT payment_id FROM payment_transactions
WHERE appointment_id = $1 AND status IN ('authorized', 'captured', 'partially-refunded')
ORDER BY status = 'authorized', payment_id DESC LIMIT 1
"""


async def ask_gateway(parts: Parts, appointment_id: UUID, *, actor_id: UUID, reason_code: str) -> UUID:
    """Ask about every order of the visit and go on from there; the payment that has money now.

    Raises PaymentNotFound (nothing was ever begun), NothingAuthorized, ServiceUnavailable.
    """
    orders = await parts.db.fetch(ORDERS, appointment_id)
    if not orders:
        raise PaymentNotFound
    await parts.db.run(remember, actor_id, "ask-gateway", appointment_id, reason_code)
    for order in orders:
        if not await ask_about(parts, order):
            raise ServiceUnavailable("The payment provider does not answer; try again in a moment.")
    for attempt in await parts.db.fetch(WAITING, appointment_id):
        await advance(parts, attempt["gateway_payment_id"])
    found: UUID | None = await parts.db.fetchval(WITH_MONEY, appointment_id)
    if found is None:
        raise NothingAuthorized
    return found
