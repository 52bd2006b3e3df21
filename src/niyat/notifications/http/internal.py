"""The door for identity: one-time codes (ADR 8)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from niyat.kernel.auth import Principal, service_call
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import problems
from niyat.notifications.commands.queue_code import queue_code
from niyat.notifications.errors import ChannelDisabled
from niyat.notifications.http.here import Here
from niyat.notifications.http.shapes import CodeBody
from niyat.notifications.http.table import TABLE
from niyat.notifications.sealing import Code

router = APIRouter(tags=["internal"])

Identity = Annotated[Principal, Depends(service_call("identity"))]


@router.post(
    "/internal/codes",
    status_code=202,
    summary="Send a one-time code at once",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest, ChannelDisabled),
)
async def take_code(body: CodeBody, _: Identity, parts: Here) -> Response:
    """From identity; once per `challenge_id`. The code is kept encrypted until it is sent, and then no more."""
    parts.require_enabled(body.channel)
    sealed = parts.seal.close(Code(body.address.get_secret_value(), body.code.get_secret_value()))
    await parts.db.run(
        queue_code,
        body.challenge_id,
        body.channel,
        sealed=sealed,
        language=body.language,
        expires_at=body.expires_at,
    )
    parts.bells[body.channel].ring()
    return Response(status_code=202)
