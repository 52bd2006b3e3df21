"""What a route works with."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from niyat.appointments.parts import Parts


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Here = Annotated[Parts, Depends(_parts)]
