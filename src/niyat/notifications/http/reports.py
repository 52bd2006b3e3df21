"""What providers say of messages they took. Nobody is signed in here: a signature or a secret says who speaks.

What is genuine is kept at once and acted on by a job; what is not ours to know about changes nothing.
"""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Header, Request, Response

from niyat.kernel.body import raw_body
from niyat.kernel.http import problems
from niyat.notifications import errors
from niyat.notifications.adapters.return_path import marks_in
from niyat.notifications.addresses import AddressKey
from niyat.notifications.bounces import read_returned
from niyat.notifications.commands.record_report import Report, record_report
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.http.here import Here
from niyat.notifications.http.table import TABLE
from niyat.notifications.ports import Callbacks

router = APIRouter(prefix="/api/v1/notifications", tags=["providers"])

LONGEST_SID = 64
MOST_FIELDS = 100


def _body(media_type: str, description: str) -> dict[str, object]:
    content = {media_type: {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


@router.post(
    "/callbacks/twilio",
    status_code=204,
    summary="How a text message ended",
    openapi_extra=_body("application/x-www-form-urlencoded", "Twilio's status callback"),
    responses=problems(TABLE, errors.ReportNotGenuine, errors.ReportMalformed),
)
async def twilio_status(
    request: Request,
    parts: Here,
    x_twilio_signature: Annotated[str, Header(max_length=200, description="Over address and fields")] = "",
) -> Response:
    """Twilio may call late, twice and in any order; of a message that we never sent nothing is changed."""
    fields = _fields(await _read(request))
    if parts.callbacks is None or not parts.callbacks.genuine(fields, x_twilio_signature):
        raise errors.ReportNotGenuine
    report = _twilio_report(
        parts.addresses, parts.callbacks, {name: values[0] for name, values in fields.items()}
    )
    if report is not None and await parts.db.run(record_report, report):
        parts.reports.ring()
    return Response(status_code=204)


@router.post(
    "/bounces",
    status_code=204,
    summary="A mail that came back",
    openapi_extra=_body("message/rfc822", "The mail as the mail server got it"),
    responses=problems(TABLE, errors.ReportNotGenuine, errors.ReportMalformed),
)
async def returned_mail(
    request: Request,
    parts: Here,
    x_bounces_secret: Annotated[str, Header(max_length=500, description="`NIYAT_MAIL_BOUNCES_SECRET`")] = "",
) -> Response:
    """From our mail server, for each mail to the return path. What is no report of a mail of ours changes nothing."""
    secret = parts.bounce_secret
    if secret is None or not hmac.compare_digest(
        secret.get_secret_value().encode(), x_bounces_secret.encode()
    ):
        raise errors.ReportNotGenuine
    for report in _mail_reports(parts.addresses, await _read(request)):
        if await parts.db.run(record_report, report):
            parts.reports.ring()
    return Response(status_code=204)


async def _read(request: Request) -> bytes:
    """Raises ReportMalformed for a body that is too long."""
    raw = await raw_body(request)
    if raw is None:
        raise errors.ReportMalformed
    return raw


def _fields(form: bytes) -> dict[str, list[str]]:
    """Raises ReportMalformed for more fields than Twilio would ever send."""
    try:
        return parse_qs(form.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise errors.ReportMalformed from None


def _twilio_report(key: AddressKey, callbacks: Callbacks, fields: dict[str, str]) -> Report | None:
    """None for what is no end, such as `sending`. Raises ReportMalformed."""
    sid, to = fields.get("MessageSid", ""), fields.get("To", "")
    if not sid.isalnum() or len(sid) > LONGEST_SID:
        raise errors.ReportMalformed
    match fields.get("MessageStatus"):
        case "delivered" | "read":
            return Report(provider="twilio", provider_message_id=sid, outcome="delivered")
        case "undelivered" | "failed":
            code = fields.get("ErrorCode", "")
            code = code if code.isascii() and code.isdigit() and len(code) < 10 else ""
            cause = callbacks.why_gone(int(code)) if code and to else None
            return Report(
                provider="twilio",
                provider_message_id=sid,
                outcome="undelivered",
                error_code=f"twilio-{code or 'undelivered'}",
                cause=cause,
                address=key.keep(NotificationChannel.SMS, to) if cause else None,
            )
    return None


def _mail_reports(key: AddressKey, raw: bytes) -> list[Report]:
    """Of each recipient whose address fits a mark that only we can make."""
    returned = read_returned(raw)
    if returned is None:
        return []
    reports = []
    for bounced in returned.recipients:
        for mark in marks_in(returned.to):
            if (ours := key.came_back(mark, bounced.addresses)) is not None:
                notification_id, address = ours
                cause = bounced.cause
                reports.append(
                    Report(
                        provider="smtp",
                        notification_id=notification_id,
                        outcome=bounced.outcome,
                        error_code=bounced.error_code if bounced.outcome == "undelivered" else None,
                        cause=cause,
                        address=key.keep(NotificationChannel.EMAIL, address) if cause else None,
                    )
                )
    return reports
