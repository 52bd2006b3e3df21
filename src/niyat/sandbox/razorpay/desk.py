"""One caller at the counter: whose account it is, what time it is, and in whose name things happen."""

from __future__ import annotations

from dataclasses import dataclass

from niyat.sandbox.books import Books
from niyat.sandbox.razorpay.ledger import Actor
from niyat.sandbox.razorpay.merchants import Merchant


@dataclass(frozen=True)
class Desk:
    books: Books
    merchant: Merchant
    now: float
    actor: Actor

    @property
    def key_id(self) -> str:
        return self.merchant.key_id

    @property
    def at(self) -> int:
        """The time in whole seconds, as entities carry it."""
        return int(self.now)

    def note(self, effect: str, entity_id: str, amount: int) -> None:
        """One line in the append-only log of effects."""
        self.books.run(
            "INSERT INTO effects (key_id, at, effect, entity_id, amount, actor) VALUES (?, ?, ?, ?, ?, ?)",
            self.key_id,
            self.at,
            effect,
            entity_id,
            amount,
            self.actor,
        )
