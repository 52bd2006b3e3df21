"""Who takes the messages of a worker, and what they saw: nothing is sent anywhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from bench.visits import Appointments, Visits
from niyat.notifications.ports import Account, Found, Mail, Receipt, Text

REMINDS = "Reminder"
"""How the subject of a reminder begins."""
PREFIX = "+9198"


@dataclass(frozen=True)
class Accounts:
    """An address and a number for everybody."""

    first: UUID

    async def find_many(self, account_ids: Collection[UUID]) -> Found[Account]:
        return Found(
            {
                each: Account(
                    account_id=each,
                    email=f"{each.hex}@bench.example",
                    phone=f"{PREFIX}{each.int - self.first.int:08d}",
                )
                for each in account_ids
            }
        )

    async def administrators(self) -> list[UUID]:
        return []


@dataclass
class Taken:
    """What one worker handed over: mails by the notification, text messages by visit.

    `stale`: of a visit that had changed before the worker asked about it the last time; `latest`: the longest time,
    in seconds, after which a message still left that had been asked about before its visit changed.
    """

    mails: list[UUID] = field(default_factory=list)
    texts: Counter[UUID] = field(default_factory=Counter)
    stale: int = 0
    latest: float = 0.0


@dataclass
class Postbox:
    """Both providers of one worker, who take every message at once."""

    visits: Visits
    appointments: Appointments
    worker: int
    taken: Taken = field(default_factory=Taken)

    def take_mail(self, mail: Mail) -> None:
        self.taken.mails.append(UUID(mail.message_id[1:37]))
        if mail.subject.startswith(REMINDS):  # what tells of a change is true because of it
            self._look(UUID(mail.to.partition("@")[0]))
        self.visits.handed_over(self.worker)

    def take_text(self, text: Text) -> None:
        visit = UUID(int=self.visits.named.first.int + int(text.to.removeprefix(PREFIX)))
        self.taken.texts[visit] += 1
        self._look(visit)
        self.visits.handed_over(self.worker)

    def _look(self, visit: UUID) -> None:
        changed_at = self.visits.changed_at(visit)
        if changed_at > 0.0:
            self.taken.stale += changed_at < self.appointments.asked_at[visit]
            self.taken.latest = max(self.taken.latest, time.monotonic() - changed_at)


@dataclass(frozen=True)
class Mailbox:
    """Takes every mail at once."""

    postbox: Postbox

    async def send(self, mail: Mail) -> Receipt:
        self.postbox.take_mail(mail)
        return Receipt("bench", mail.message_id)


@dataclass(frozen=True)
class Phone:
    """Takes every text message at once."""

    postbox: Postbox

    async def send(self, text: Text) -> Receipt:
        self.postbox.take_text(text)
        return Receipt("bench", None)
