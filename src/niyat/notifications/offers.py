"""What events of doctors' lines make us plan: somebody is offered time, and has minutes to answer."""

from __future__ import annotations

from niyat.events.catalogue import WaitlistOffered, WaitlistOfferLapsed
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan import plan
from niyat.notifications.domain import LAST_MINUTE, Intent, NotificationChannel, NotificationType


async def on_offered(conn: Connection, event: WaitlistOffered) -> None:
    """By mail and by text message at once: the time is kept for minutes."""
    offers = [
        Intent(
            type=NotificationType.WAITLIST_OFFERED,
            account_id=event.patient_id,
            appointment_id=event.appointment_id,
            channel=channel,
            dedupe_key=f"offered:{event.appointment_id}:{channel}",
            payload={"amount": event.amount, "currency": event.currency},
            too_late_at=event.hold_expires_at - LAST_MINUTE,
        )
        for channel in (NotificationChannel.EMAIL, NotificationChannel.SMS)
    ]
    await plan(conn, offers)


async def on_offer_lapsed(conn: Connection, event: WaitlistOfferLapsed) -> None:
    lapsed = Intent(
        type=NotificationType.WAITLIST_OFFER_LAPSED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        dedupe_key=f"offer-lapsed:{event.appointment_id}:EMAIL",
        payload={"still_waiting": event.still_waiting},
    )
    await plan(conn, [lapsed])
