"""Everything a request handler of the sandbox needs, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from niyat.sandbox.bell import Bell
from niyat.sandbox.books import Books
from niyat.sandbox.clock import Clock


@dataclass(frozen=True)
class World:
    books: Books
    clock: Clock
    news: Bell = field(default_factory=Bell)
    """Rung whenever something arrived, became due, or the clock moved."""


def _of_request(request: Request) -> World:
    world: World = request.app.state.world
    return world


TheWorld = Annotated[World, Depends(_of_request)]
