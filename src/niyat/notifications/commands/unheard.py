"""What a message about a visit's new time or its end must also carry: the moves before it that its reader may not have
heard of.

Read right before it leaves, when it is known what became of the messages about those moves. Whatever is not known to
have left counts as unheard: too much is told rather than too little, and all of it is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from niyat.kernel.db import Database
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.domain import NotificationType

TOLD_WITH: Mapping[NotificationType, NotificationType] = {
    NotificationType.APPOINTMENT_RESCHEDULED: NotificationType.APPOINTMENT_RESCHEDULED,
    NotificationType.APPOINTMENT_CANCELLED: NotificationType.APPOINTMENT_RESCHEDULED,
    NotificationType.SCHEDULE_CHANGED: NotificationType.SCHEDULE_CHANGED,
}
"""Each with the messages that tell the same reader of the moves before it."""

# One row for each earlier move, the latest first; it is told when it left on any channel.
MOVES = """
SELECT n.id, m.revision, m.payload, bool_or(m.status IN ('sent', 'delivered')) AS told
FROM scheduled_notifications n
JOIN unnest($2::text[], $3::text[]) AS t (type, moves) ON t.type = n.type
JOIN scheduled_notifications m
  ON m.appointment_id = n.appointment_id AND m.account_id = n.account_id AND m.type = t.moves
 AND m.payload ->> 'previous_starts_at' IS NOT NULL
 AND m.revision < n.revision + CASE WHEN n.payload ->> 'previous_starts_at' IS NULL THEN 1 ELSE 0 END
WHERE n.id = ANY ($1)
GROUP BY n.id, m.revision, m.payload ORDER BY n.id, m.revision DESC
"""


@dataclass(frozen=True, slots=True)
class Move:
    """An earlier move: to which revision, what its message says, and whether that left."""

    revision: int
    payload: Mapping[str, Any]
    told: bool


async def unheard_moves(db: Database, claimed: Sequence[Claimed]) -> Mapping[UUID, Mapping[str, Any]]:
    """Of each of those claimed that must say more than was planned, the whole payload."""
    telling = {each.id: each for each in claimed if each.type in TOLD_WITH and each.revision is not None}
    if not telling:
        return {}
    rows = await db.fetch(MOVES, list(telling), list(TOLD_WITH), list(TOLD_WITH.values()))
    found: dict[UUID, list[Move]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(Move(row["revision"], row["payload"], row["told"]))
    return {
        each: as_one(telling[each].payload, telling[each].revision or 0, moves)
        for each, moves in found.items()
    }


def tells_of_move(payload: Mapping[str, Any]) -> bool:
    """Whether it is about a move: as planned, the others name no time before."""
    return bool(payload.get("previous_starts_at"))


def as_one(payload: Mapping[str, Any], revision: int, moves: Iterable[Move]) -> Mapping[str, Any]:
    """The payload of a message at `revision`, with the unheard `moves` before it, the latest first: from the time
    that its reader knows, and with all that goes back.

    A revision of which there is no message was the reader's own doing: they know its time.
    """
    after = revision if tells_of_move(payload) else revision + 1
    for move in moves:
        if move.told or move.revision != after - 1:
            break
        after = move.revision
        payload = {
            **payload,
            "previous_starts_at": move.payload["previous_starts_at"],
            "amount": (payload.get("amount") or 0) + (move.payload.get("amount") or 0),
        }
    return payload
