"""The stand-in for Google's token endpoint and Firebase Cloud Messaging (HTTP v1), under `/fcm`.

A device's token says what becomes of messages to it when it begins with the name of a fate (`unregistered-…`); a
test may also decide it later. https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from niyat.sandbox import faults
from niyat.sandbox.world import TheWorld, World

router = APIRouter(prefix="/fcm")

Json = dict[str, Any]

_SCOPES = {
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/firebase",
    "https://www.googleapis.com/auth/firebase.messaging",
}
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HOUR = 3600
_LARGEST = 4096
_RETRY_AFTER = {"Retry-After": "30"}
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"

FATES: Mapping[str, tuple[int, str, str, str]] = {
    "unregistered": (404, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
    "mismatch": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"),
    "invalid": (
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
    ),
    "quota": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded."),
    "apns": (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service"),
    "internal": (500, "INTERNAL", "INTERNAL", "Internal error encountered."),
    "unavailable": (503, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
}


@router.post("/token")
async def access(request: Request, world: TheWorld) -> Response:
    """An access token for a signed assertion of a service account."""
    form = await request.form()
    project_id = _asserted(world, str(form.get("assertion", "")))
    if form.get("grant_type") != _GRANT or project_id is None:
        return JSONResponse({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
    token = "ya29." + secrets.token_urlsafe(32)
    with world.books.transaction():
        world.books.run(
            "INSERT INTO push_access (token, project_id, expires_at) VALUES (?, ?, ?)",
            token,
            project_id,
            world.clock.now() + _HOUR,
        )
    return JSONResponse({"access_token": token, "expires_in": _HOUR - 1, "token_type": "Bearer"})


@router.post("/v1/projects/{project_id}/messages:send")
async def send(project_id: str, request: Request, world: TheWorld) -> Response:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    row = world.books.row("SELECT project_id, expires_at FROM push_access WHERE token = ?", token)
    if row is None or row["expires_at"] <= world.clock.now():
        return _error(401, "UNAUTHENTICATED", None, "Request had invalid authentication credentials.")
    if row["project_id"] != project_id:
        return _error(403, "PERMISSION_DENIED", None, "Permission 'cloudmessaging.messages.create' denied")
    body = await request.body()

    def effect() -> Response:
        return _take(world, project_id, body)

    return await faults.serve(
        request, faults.take(world.books, project_id, "messages.send"), effect, _fault_page
    )


def _take(world: World, project_id: str, body: bytes) -> Response:
    message: Json = json.loads(body)["message"]
    if (wrong := _wrong_field(message)) is not None:
        return _bad_request(wrong)
    if len(json.dumps([message.get("data"), message.get("notification")]).encode()) > _LARGEST:
        return _error(400, "INVALID_ARGUMENT", None, "Android message is too big")
    device = message["token"]
    row = world.books.row("SELECT fate FROM push_fates WHERE device = ?", device)
    fate = FATES.get(row["fate"] if row else device.partition("-")[0])
    if fate is not None:
        return _error(*fate)
    number = secrets.token_hex(8)
    with world.books.transaction():
        world.books.run(
            "INSERT INTO pushes (project_id, device, sent_at, doc) VALUES (?, ?, ?, ?)",
            project_id,
            device,
            world.clock.now(),
            json.dumps(message),
        )
    world.news.ring()
    return JSONResponse({"name": f"projects/{project_id}/messages/0:{number}"})


def _wrong_field(message: Json) -> str | None:
    if not isinstance(message.get("token"), str) or not message["token"]:
        return "message.token"
    for name, value in message.get("data", {}).items():
        if not isinstance(value, str):
            return f"message.data[{name}].value"
    return None


def _asserted(world: World, assertion: str) -> str | None:
    """The project of the service account that signed this."""
    try:
        header, payload, signature = (_decoded(part) for part in assertion.split("."))
        claims = json.loads(payload)
        row = world.books.row("SELECT * FROM push_projects WHERE client_email = ?", str(claims["iss"]))
        if row is None or json.loads(header)["alg"] != "RS256" or not _SCOPES & set(claims["scope"].split()):
            return None
        key = load_pem_public_key(row["public_key"].encode())
        if not isinstance(key, rsa.RSAPublicKey):
            return None
        key.verify(signature, assertion.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, KeyError, TypeError, binascii.Error, InvalidSignature):
        return None
    return str(row["project_id"])


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _bad_request(field: str) -> Response:
    violations = [{"field": field, "description": f"Invalid value at '{field}'"}]
    error = {
        "code": 400,
        "message": f"Invalid value at '{field}'",
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": _BAD_REQUEST, "fieldViolations": violations}],
    }
    return JSONResponse({"error": error}, 400)


def _error(code: int, status: str, fcm: str | None, message: str) -> Response:
    error: Json = {"code": code, "message": message, "status": status}
    if fcm is not None:
        error["details"] = [{"@type": _FCM_ERROR, "errorCode": fcm}]
    return JSONResponse({"error": error}, code, _RETRY_AFTER if code in (429, 503) else None)


def _fault_page(status: int, description: str | None) -> Response:
    names = {400: "invalid", 429: "quota", 500: "internal"}
    code, name, fcm, message = FATES[names.get(status, "unavailable")]
    return _error(code, name, fcm, description or message)
