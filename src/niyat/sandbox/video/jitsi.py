"""The stand-in for a Jitsi Meet server whose tenant is `jitsi`: it verifies tokens as Prosody's plugin does.

https://github.com/jitsi/lib-jitsi-meet/blob/master/doc/tokens.md. The verifying is written out here, so that it
shares no mistake with the library that signs.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any

from fastapi import APIRouter, Request, Response

from niyat.sandbox.video.door import Guest, TurnedAway, enter, turn_away
from niyat.sandbox.world import TheWorld, World

router = APIRouter()

TENANT = "jitsi"


@router.get(f"/{TENANT}/{{room}}")
async def join(room: str, request: Request, world: TheWorld, jwt: str = "") -> Response:
    try:
        return enter(request, world, room, _guest(world, room.lower(), jwt))
    except TurnedAway as why:
        return turn_away(request, why)


def _guest(world: World, room: str, token: str) -> Guest:
    claims = _claims(world, token)
    if claims.get("sub") not in (TENANT, "*"):
        raise TurnedAway("The token's `sub` is not this tenant.")
    if claims.get("room") not in (room, "*"):
        raise TurnedAway("The token is for another room.")
    if not isinstance(claims.get("exp"), int):
        raise TurnedAway("The token has no `exp`.")
    user = claims.get("context", {}).get("user", {})
    if not all(isinstance(value, str) for value in user.values()):
        raise TurnedAway("A field of `context.user` is no text.")
    is_owner = user.get("affiliation") == "owner"
    return Guest(user.get("name", "Somebody"), is_owner, claims.get("nbf", 0), claims["exp"])


def _claims(world: World, token: str) -> dict[str, Any]:
    try:
        header, payload, signature = (_decoded(part) for part in token.split("."))
        claims: dict[str, Any] = json.loads(payload)
        algorithm = json.loads(header)["alg"]
        issuer, audience = str(claims["iss"]), claims["aud"]
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise TurnedAway("There is no token, or it cannot be read.") from None
    app = world.books.row("SELECT app_secret FROM video_apps WHERE app_id = ?", issuer)
    signed = token.rpartition(".")[0].encode()
    if app is None or algorithm != "HS256" or audience != issuer:
        raise TurnedAway("The token's issuer, audience or algorithm is not accepted.")
    if not hmac.compare_digest(hmac.digest(app["app_secret"].encode(), signed, "sha256"), signature):
        raise TurnedAway("The token's signature is wrong.")
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
