"""The rules of the line in which patients wait for a doctor's time.

Who does not answer an offer goes to the end of the line, and after the last one out of it. Who declines keeps their
place: saying no at once costs the others nothing. Nobody is offered twice what they let go by.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

MOST_LAPSES = 3
"""So many offers may go unanswered; then the entry is closed."""

SHORTEST_OFFER = timedelta(minutes=10)
"""Nothing is offered that could not stay on offer for so long: a message has to be read and answered."""


class WaitlistStatus(StrEnum):
    """Where somebody's wish for a doctor's time stands. `docs/states.md` shows every move between them."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    LEFT = "left"
    CLOSED = "closed"


_W = WaitlistStatus

OPEN = frozenset({_W.WAITING, _W.OFFERED})
"""A patient has one such entry with a doctor."""

TRANSITIONS: dict[tuple[WaitlistStatus, WaitlistStatus], str] = {
    (_W.WAITING, _W.OFFERED): "time that suits came free",
    (_W.WAITING, _W.BOOKED): "a lapsed offer was paid late, its time still free",
    (_W.WAITING, _W.LEFT): "the patient left the line",
    (_W.WAITING, _W.CLOSED): "its days are over",
    (_W.OFFERED, _W.WAITING): "the offer lapsed or was declined",
    (_W.OFFERED, _W.BOOKED): "the offer was taken",
    (_W.OFFERED, _W.LEFT): "the patient left the line",
    (_W.OFFERED, _W.CLOSED): "the last offer lapsed",
}
"""Every move there is, and what brings it about. The database's `waitlist_may_move` says the same."""
