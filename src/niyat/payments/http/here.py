"""What a route works with."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from niyat.payments.parts import Parts


async def _parts(request: Request) -> Parts:  # a plain function would go through a thread
    parts: Parts = request.app.state.parts
    return parts


Here = Annotated[Parts, Depends(_parts)]
