"""The stand-in for Twilio's Messages API, under `/twilio/2010-04-01`; texts.py says what becomes of them.

https://www.twilio.com/docs/messaging/api/message-resource; the magic numbers are those of
https://www.twilio.com/docs/iam/test-credentials
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from niyat.sandbox import faults
from niyat.sandbox.texts import follow, segments
from niyat.sandbox.world import TheWorld, World

router = APIRouter(prefix="/twilio/2010-04-01")

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_BODY = 1600

_OPTED_OUT = (21610, "Attempt to send to unsubscribed recipient")
_BAD_TO = {
    "+15005550001": (21211, "Invalid 'To' Phone Number: +15005550001"),
    "+15005550002": (21612, "The 'To' phone number is not currently reachable via SMS"),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region"),
    "+15005550004": _OPTED_OUT,
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}
_BAD_FROM = {
    "+15005550001": (21212, "The 'From' number is not a valid phone number or shortcode"),
    "+15005550007": (21606, "The 'From' phone number is not a valid, SMS-capable number for your account"),
    "+15005550008": (21611, "This 'From' number has exceeded the maximum number of queued messages"),
}


class _Refusal(Exception):
    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def page(self) -> Response:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        body = {"code": self.code, "message": self.message, "more_info": more, "status": self.status}
        return JSONResponse(body, status_code=self.status)


@router.post("/Accounts/{sid}/Messages.json")
async def send(sid: str, request: Request, world: TheWorld) -> Response:
    try:
        _authenticate(world, sid, request.headers.get("authorization", ""))
    except _Refusal as refusal:
        return refusal.page()
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}

    def effect() -> Response:
        try:
            message = _accept(world, sid, form)
        except _Refusal as refusal:
            return refusal.page()
        world.news.ring()
        return JSONResponse(message, status_code=201)

    fault = faults.take(world.books, sid, "messages.create")
    return await faults.serve(request, fault, effect, _fault_page)


@router.get("/Accounts/{sid}/Messages.json")
async def list_messages(sid: str, request: Request, world: TheWorld) -> Response:
    """Newest first; filters To and From. One page holds all that PageSize allows."""
    try:
        _authenticate(world, sid, request.headers.get("authorization", ""))
    except _Refusal as refusal:
        return refusal.page()
    query = request.query_params
    page_size = min(int(query.get("PageSize", "50")), 1000)

    def effect() -> Response:
        rows = world.books.rows(
            "SELECT doc FROM texts WHERE account_sid = ?1 AND (?2 IS NULL OR recipient = ?2)"
            " AND (?3 IS NULL OR json_extract(doc, '$.from') = ?3) ORDER BY id DESC LIMIT ?4",
            sid,
            query.get("To"),
            query.get("From"),
            page_size,
        )
        messages = [json.loads(row["doc"]) for row in rows]
        uri = request.url.path.removeprefix("/twilio")
        return JSONResponse(
            {
                "messages": messages,
                "page": 0,
                "page_size": page_size,
                "start": 0,
                "end": max(0, len(messages) - 1),
                "uri": uri,
                "first_page_uri": uri,
                "next_page_uri": None,
                "previous_page_uri": None,
            }
        )

    fault = faults.take(world.books, sid, "messages.list")
    return await faults.serve(request, fault, effect, _fault_page)


def _authenticate(world: World, sid: str, authorization: str) -> None:
    scheme, _, credentials = authorization.partition(" ")
    try:
        user, _, token = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user, token = "", ""
    row = world.books.row("SELECT auth_token FROM phone_accounts WHERE sid = ?", sid)
    wrong = row is None or not hmac.compare_digest(row["auth_token"].encode(), token.encode())
    if scheme != "Basic" or user != sid or wrong:
        raise _Refusal(20003, "Authenticate", 401)


def _accept(world: World, sid: str, form: Mapping[str, str]) -> dict[str, object]:
    to, sender, body = _checked(form)
    if world.books.row("SELECT 1 FROM phone_opt_outs WHERE number = ?", to) is not None:
        raise _Refusal(*_OPTED_OUT)
    now = world.clock.now()
    written = format_datetime(datetime.fromtimestamp(int(now), UTC))
    message_sid = "SM" + secrets.token_hex(16)
    uri = f"/2010-04-01/Accounts/{sid}/Messages/{message_sid}"
    message: dict[str, object] = {
        "account_sid": sid,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": written,
        "date_sent": None,
        "date_updated": written,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": str(segments(body)),
        "price": None,
        "price_unit": "USD",
        "sid": message_sid,
        "status": "accepted" if sender is None else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": to,
        "uri": f"{uri}.json",
    }
    with world.books.transaction():
        world.books.run(
            "INSERT INTO texts (account_sid, recipient, sent_at, doc) VALUES (?, ?, ?, ?)",
            sid,
            to,
            now,
            json.dumps(message),
        )
        follow(world, sid, message, form.get("StatusCallback"))
    return message


def _checked(form: Mapping[str, str]) -> tuple[str, str | None, str]:
    to, sender, body = form.get("To"), form.get("From"), form.get("Body")
    if not to:
        raise _Refusal(21604, "A 'To' phone number is required.")
    if to in _BAD_TO:
        raise _Refusal(*_BAD_TO[to])
    if not _E164.fullmatch(to):
        raise _Refusal(21211, f"Invalid 'To' Phone Number: {to}")
    if not sender and not form.get("MessagingServiceSid"):
        raise _Refusal(21603, "A 'From' phone number is required.")
    if sender in _BAD_FROM:
        raise _Refusal(*_BAD_FROM[sender])
    if not body:
        raise _Refusal(21602, "Message body is required.")
    if len(body) > _LONGEST_BODY:
        raise _Refusal(21617, "The concatenated message body exceeds the 1600 character limit")
    if not form.get("StatusCallback", "http://").startswith(("http://", "https://")):
        raise _Refusal(21609, "The 'StatusCallback' URL is not a valid URL")
    return to, sender or None, body


def _fault_page(status: int, description: str | None) -> Response:
    code, message = {429: (20429, "Too Many Requests"), 400: (20001, "Bad Request")}.get(
        status, (20500, "An internal server error has occurred")
    )
    return _Refusal(code, description or message, status).page()
