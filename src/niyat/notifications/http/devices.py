"""Where a person's push messages go."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from niyat.kernel.auth import Who
from niyat.kernel.errors import InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.notifications.commands.register_device import register_device
from niyat.notifications.commands.remove_device import remove_device
from niyat.notifications.http.channel_shapes import DeviceBody, DeviceToken, DeviceView
from niyat.notifications.http.table import TABLE

router = APIRouter(prefix="/api/v1/notifications/devices", tags=["devices"])


@router.post(
    "/register",
    summary="Register a device for push messages",
    responses=problems(TABLE, Unauthenticated, InvalidRequest),
)
async def register(body: DeviceBody, who: Who, db: Db) -> DeviceView:
    """For whoever is signed in; apps do so at every start. A token belongs to the account that registered it last."""
    device_id = await db.run(register_device, who.account_id, body.token, body.platform)
    return DeviceView(device_id=device_id, platform=body.platform)


@router.delete(
    "/{token}",
    status_code=204,
    summary="Unregister a device",
    responses=problems(TABLE, Unauthenticated, InvalidRequest),
)
async def unregister(token: Annotated[DeviceToken, Path()], who: Who, db: Db) -> Response:
    """One's own; of a token that is not there, or somebody else's, nothing changes and nothing is said."""
    await db.run(remove_device, who.account_id, token)
    return Response(status_code=204)
