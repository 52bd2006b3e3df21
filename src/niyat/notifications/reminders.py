"""When a visit is worth reminding of. Values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from niyat.notifications.domain import Intent, NotificationType

REMINDER_OFFSETS = (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=15))
"""For whoever did not choose others."""


def reminders(
    account_id: UUID,
    appointment_id: UUID,
    revision: int,
    starts_at: datetime,
    *,
    offsets: Sequence[timedelta] = REMINDER_OFFSETS,
) -> Sequence[Intent]:
    """One intent per offset, the longest first; the queue leaves out those whose time has passed."""
    return [
        Intent(
            type=NotificationType.APPOINTMENT_REMINDER,
            account_id=account_id,
            appointment_id=appointment_id,
            revision=revision,
            meaning=f"reminder:{appointment_id}:{revision}:{int(offset.total_seconds()) // 60}",
            due_at=starts_at - offset,
            # A third of the notice that is left: later, the next reminder says it better, or the visit has begun.
            too_late_at=starts_at - max(offset - offset / 3, following),
            offset=offset,
        )
        for offset, following in zip(offsets, [*offsets[1:], timedelta()], strict=True)
    ]
