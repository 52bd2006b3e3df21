"""Rooms on a Jitsi Meet server, by tokens that we sign ourselves: no call is made, and no room is made beforehand.

Claims: https://github.com/jitsi/lib-jitsi-meet/blob/master/doc/tokens.md for a server of one's own (HS256 with its
app secret), https://developer.8x8.com/jaas/docs/api-keys-jwt for Jitsi as a service (RS256 with an uploaded key).
Who runs the room is said twice, as text: JaaS reads `moderator`, the token_affiliation plugin `affiliation`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import jwt

from niyat.appointments.ports import Guest, Room

JAAS = "https://8x8.vc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Who signs for whom: `subject` is the server's tenant, or its domain where it has none."""

    address: str
    issuer: str
    audience: str
    subject: str
    algorithm: str
    key: str = field(repr=False)
    key_id: str | None = None


def own_server(url: str, app_id: str, app_secret: str) -> Signing:
    """A Jitsi Meet of one's own at `https://domain` or `https://domain/tenant`."""
    parts = urlsplit(url)
    return Signing(
        address=url,
        issuer=app_id,
        audience=app_id,
        subject=(parts.path.strip("/") or parts.hostname or "").lower(),
        algorithm="HS256",
        key=app_secret,
    )


def as_a_service(key_id: str, private_key: str) -> Signing:
    """8x8's JaaS; `key_id` as its console shows it, the app's id before the slash."""
    app_id = key_id.partition("/")[0]
    return Signing(
        address=f"{JAAS}/{app_id}",
        issuer="chat",
        audience="jitsi",
        subject=app_id,
        algorithm="RS256",
        key=private_key,
        key_id=key_id,
    )


class JitsiRooms:
    """`VideoRooms` by Jitsi."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing

    async def link(self, room: Room, guest: Guest) -> str:
        runs_it = guest.party == "doctor"
        claims = {
            "iss": self._signing.issuer,
            "aud": self._signing.audience,
            "sub": self._signing.subject,
            "room": room.name,
            "nbf": int(room.opens_at.timestamp()),
            "exp": int(room.closes_at.timestamp()),
            "context": {
                "user": {
                    "id": guest.party,
                    "name": guest.name,
                    "moderator": "true" if runs_it else "false",
                    "affiliation": "owner" if runs_it else "member",
                }
            },
        }
        headers = {"kid": self._signing.key_id} if self._signing.key_id else None
        token = jwt.encode(claims, self._signing.key, algorithm=self._signing.algorithm, headers=headers)
        return f"{self._signing.address}/{room.name}?jwt={token}"

    async def close(self) -> None:
        """Nothing is open."""
