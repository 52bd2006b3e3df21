"""What events of doctors' lines make us plan: somebody is offered time, and has minutes to answer."""

from __future__ import annotations

from niyat.events.catalogue import WaitlistOffered, WaitlistOfferLapsed
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan import plan
from niyat.notifications.domain import LAST_MINUTE, Intent, NotificationType


async def on_offered(conn: Connection, event: WaitlistOffered) -> None:
    """On every channel at once (`ON_EVERY_CHANNEL`): the time is kept for minutes."""
    offer = Intent(
        type=NotificationType.WAITLIST_OFFERED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        meaning=f"offered:{event.appointment_id}",
        payload={"amount": event.amount, "currency": event.currency},
        too_late_at=event.hold_expires_at - LAST_MINUTE,
    )
    await plan(conn, [offer])


async def on_offer_lapsed(conn: Connection, event: WaitlistOfferLapsed) -> None:
    lapsed = Intent(
        type=NotificationType.WAITLIST_OFFER_LAPSED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        meaning=f"offer-lapsed:{event.appointment_id}",
        payload={"still_waiting": event.still_waiting},
    )
    await plan(conn, [lapsed])
