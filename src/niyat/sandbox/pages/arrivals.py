"""The mailbox, the phone and its push messages in a browser: newest first, searched by a part of the address."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from niyat.sandbox import inbox
from niyat.sandbox.inbox import After, MailId, Wait
from niyat.sandbox.pages import show, wants_html
from niyat.sandbox.world import TheWorld, World

router = APIRouter()

_VARY = {"Vary": "Accept"}
_LETTER_HEADERS = {
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_BASE = '<base target="_blank">'


@router.get("/mailbox")
async def mailbox(
    request: Request, world: TheWorld, to: str | None = None, after: After = 0, wait_seconds: Wait = 0
) -> Response:
    """Mails newest first. JSON: to an address (envelope recipient, any case) with an id above `after`."""
    if not wants_html(request):
        found = await world.news.until(lambda: inbox.mails(world, to, after), wait_seconds)
        return JSONResponse(found, headers=_VARY)
    shown = [mail for mail in inbox.mails(world, None, 0, 1000) if _any_holds(mail["to"], to)]
    return show(
        "mailbox.html", {"here": "/mailbox", "to": to, "mails": shown, "latest": _latest(world, "mails")}
    )


@router.get("/phone")
async def phone(
    request: Request, world: TheWorld, to: str | None = None, after: After = 0, wait_seconds: Wait = 0
) -> Response:
    """Text messages newest first. JSON: to a number with an id above `after`."""
    if not wants_html(request):
        found = await world.news.until(lambda: inbox.texts(world, to, after), wait_seconds)
        return JSONResponse(found, headers=_VARY)
    wanted = None if to is None else re.sub(r"[ ()-]", "", to)
    shown = [text for text in inbox.texts(world, None, 0, 1000) if _any_holds([text["to"]], wanted)]
    return show("phone.html", {"here": "/phone", "to": to, "texts": shown, "latest": _latest(world, "texts")})


@router.get("/devices")
async def devices(
    request: Request, world: TheWorld, to: str | None = None, after: After = 0, wait_seconds: Wait = 0
) -> Response:
    """Push messages newest first. JSON: to a device with an id above `after`."""
    if not wants_html(request):
        found = await world.news.until(lambda: inbox.pushes(world, to, after), wait_seconds)
        return JSONResponse(found, headers=_VARY)
    shown = [push for push in inbox.pushes(world, None, 0, 1000) if _any_holds([push["to"]], to)]
    return show(
        "devices.html", {"here": "/devices", "to": to, "pushes": shown, "latest": _latest(world, "pushes")}
    )


@router.get("/mailbox/{mail_id}")
async def mail(mail_id: MailId, request: Request, world: TheWorld) -> Response:
    found = inbox.one_mail(world, mail_id)
    if found is None:
        raise HTTPException(404, f"no mail {mail_id}")
    if not wants_html(request):
        return JSONResponse(found, headers=_VARY)
    message = _message(world, mail_id)
    headers = [(name, str(value)) for name, value in message.items()]
    found["header_from"] = str(message["From"] or found["from"])
    return show("mail.html", {"here": "/mailbox", "mail": found, "headers": headers})


@router.get("/mailbox/{mail_id}/html")
async def letter(mail_id: MailId, world: TheWorld) -> Response:
    """The HTML part alone, without scripts, forms, or anything from the network; links open in a new tab."""
    part = _message(world, mail_id).get_body(preferencelist=("html",))
    if part is None:
        raise HTTPException(404, "this mail has no HTML part")
    text = str(part.get_content())
    head = _HEAD.search(text)
    at = head.end() if head else 0
    return Response(
        text[:at] + _BASE + text[at:], media_type="text/html; charset=utf-8", headers=_LETTER_HEADERS
    )


@router.get("/mailbox/{mail_id}/attachments/{number}")
async def attachment(mail_id: MailId, number: int, world: TheWorld) -> Response:
    """Counted from 0; always a download."""
    parts = list(_message(world, mail_id).iter_attachments())
    if not 0 <= number < len(parts):
        raise HTTPException(404, "no such attachment")
    content = parts[number].get_content()
    name = quote(parts[number].get_filename() or f"attachment-{number}", safe="")
    return Response(
        content.encode() if isinstance(content, str) else bytes(content),
        media_type=parts[number].get_content_type(),
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _message(world: World, mail_id: int) -> EmailMessage:
    raw = inbox.raw(world, mail_id)
    if raw is None:
        raise HTTPException(404, f"no mail {mail_id}")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 -- the default policy makes these
    return message


def _any_holds(addresses: object, part: str | None) -> bool:
    wanted = (part or "").strip().lower()
    return isinstance(addresses, list) and any(wanted in str(address).lower() for address in addresses)


def _latest(world: World, table: str) -> int:
    statements = {
        "mails": "SELECT max(id) AS id FROM mails",
        "texts": "SELECT max(id) AS id FROM texts",
        "pushes": "SELECT max(id) AS id FROM pushes",
    }
    row = world.books.row(statements[table])
    return int(row["id"] or 0) if row else 0
