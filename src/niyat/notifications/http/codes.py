"""The door for identity: one-time codes (ADR 8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    TypeAdapter,
    model_validator,
)

from niyat.kernel.auth import Principal, service_call
from niyat.kernel.errors import Forbidden, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.notifications.commands.queue_code import queue_code
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.errors import ChannelDisabled
from niyat.notifications.http.common import ERRORS, require_enabled, ring
from niyat.notifications.sealing import Code, Seal

internal = APIRouter(tags=["internal"])

Identity = Annotated[Principal, Depends(service_call("identity"))]

EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
PHONE: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")])


class CodeForm(BaseModel):
    """A one-time code that identity made."""

    model_config = ConfigDict(extra="forbid")

    challenge_id: UUID
    channel: Literal[NotificationChannel.SMS, NotificationChannel.EMAIL]
    address: SecretStr
    code: SecretStr = Field(min_length=4, max_length=12)
    expires_at: AwareDatetime = Field(
        gt=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC)
    )
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")

    @model_validator(mode="after")
    def _address_fits_channel(self) -> CodeForm:
        address = self.address.get_secret_value()
        if self.channel is NotificationChannel.EMAIL:
            EMAIL.validate_python(address)
        else:
            PHONE.validate_python(address)
        return self


@internal.post(
    "/internal/codes",
    status_code=202,
    summary="Send a one-time code at once",
    responses=problems(ERRORS, Unauthenticated, Forbidden, ChannelDisabled),
)
async def take_code(form: CodeForm, _: Identity, db: Db, request: Request) -> Response:
    """From identity; once per `challenge_id`. The code is kept encrypted until it is sent, and then no more."""
    require_enabled(request, form.channel)
    seal: Seal = request.app.state.seal
    sealed = seal.close(Code(form.address.get_secret_value(), form.code.get_secret_value()))
    await db.run(
        lambda conn: queue_code(
            conn,
            form.challenge_id,
            form.channel,
            sealed=sealed,
            language=form.language,
            expires_at=form.expires_at,
        )
    )
    ring(request)
    return Response(status_code=202)
