"""Everything a request handler of the sandbox needs, in one place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from niyat.sandbox.bell import Bell
from niyat.sandbox.books import Books
from niyat.sandbox.clock import Clock

_A_MOMENT_SECONDS = 0.001


@dataclass(frozen=True)
class World:
    books: Books
    clock: Clock
    news: Bell = field(default_factory=Bell)
    """Rung whenever something arrived, became due, or the clock moved."""
    form_token: str = field(default_factory=secrets.token_urlsafe, repr=False)
    """What a form of the console carries: another site's page cannot know it."""

    async def wait_until(self, due_at: float | None) -> None:
        """Return at the next news, or when the sandbox's clock reaches `due_at` by ticking."""
        if due_at is None or self.clock.frozen:
            await self.news.wait(None)
        else:
            await self.news.wait(max(0.0, due_at - self.clock.now()) + _A_MOMENT_SECONDS)


def _of_request(request: Request) -> World:
    world: World = request.app.state.world
    return world


TheWorld = Annotated[World, Depends(_of_request)]
