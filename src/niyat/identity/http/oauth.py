"""Keys and service tokens, in the shapes of RFC 7517 and RFC 6749 (section 4.4, client credentials).

Errors are problem details which also carry `error` and `error_description`, as RFC 6749 section 5.2 names them.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from niyat.identity import errors, queries
from niyat.identity.http.here import Here
from niyat.identity.http.shapes import KeySetView, ServiceTokenView, TokenBody
from niyat.identity.http.table import TABLE
from niyat.identity.keys import published_keys
from niyat.kernel.errors import NiyatError
from niyat.kernel.http import problems

router = APIRouter(tags=["tokens"])

LARGEST_BODY = 10_000


_SCHEMA = {
    "schema": {
        "type": "object",
        "required": ["grant_type"],
        "properties": {
            "grant_type": {"type": "string", "enum": ["client_credentials"]},
            "client_id": {"type": "string", "description": "The service's name"},
            "client_secret": {"type": "string", "format": "password"},
        },
    }
}


@router.get("/.well-known/jwks.json", summary="The keys that verify our tokens")
async def jwks(parts: Here, response: Response) -> KeySetView:
    """A JSON Web Key Set. A new key is here before it signs; an old one until its tokens are over."""
    response.headers["cache-control"] = "public, max-age=300"
    return KeySetView.model_validate(await published_keys(parts.db))


@router.post(
    "/oauth/token",
    summary="A service's token",
    responses=problems(
        TABLE,
        errors.InvalidTokenRequest,
        errors.UnsupportedGrantType,
        errors.InvalidClient,
        errors.NoSigningKey,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": _SCHEMA, "application/json": _SCHEMA},
        }
    },
)
async def service_token(parts: Here, request: Request, response: Response) -> ServiceTokenView:
    """Client credentials (RFC 6749, section 4.4), for our own services only."""
    asked = await _asked(request)
    if asked.grant_type != "client_credentials":
        raise _refusal(errors.UnsupportedGrantType, "unsupported_grant_type")
    if not await queries.is_client(parts.db, asked.client_id, asked.client_secret):
        raise _refusal(errors.InvalidClient, "invalid_client")
    token = await parts.tokens.for_service(asked.client_id)
    response.headers["cache-control"] = "no-store"
    return ServiceTokenView(access_token=token.value, expires_in=token.expires_in)


async def _asked(request: Request) -> TokenBody:
    raw = await request.body()
    try:
        if len(raw) > LARGEST_BODY:
            raise ValueError("too large")
        given = _parameters(raw, request.headers.get("content-type", ""))
        return TokenBody.model_validate(given | _basic(request.headers.get("authorization", "")))
    except (ValueError, ValidationError, RecursionError):
        raise _refusal(errors.InvalidTokenRequest, "invalid_request") from None


def _parameters(raw: bytes, content_type: str) -> dict[str, Any]:
    if content_type.partition(";")[0].strip().lower() == "application/json":
        values = json.loads(raw)
        if not isinstance(values, dict):
            raise ValueError("not an object")
        return values
    form = parse_qs(raw.decode(), max_num_fields=20)
    if any(len(values) > 1 for values in form.values()):
        raise ValueError("a parameter is repeated")
    return {name: values[0] for name, values in form.items()}


def _basic(authorization: str) -> dict[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not Basic") from error
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}


def _refusal(kind: type[NiyatError], error: str) -> NiyatError:
    return kind(error=error, error_description=kind().detail)
