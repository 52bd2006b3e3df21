"""What arrived, for reading: `/mailbox` and `/phone`, newest first, with a long poll so nobody sleeps."""

from __future__ import annotations

import email
import email.policy
import json
from email.message import EmailMessage
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from niyat.sandbox.world import TheWorld, World

router = APIRouter()

Wait = Annotated[float, Query(ge=0, le=20)]


@router.get("/mailbox")
async def mailbox(
    world: TheWorld, to: str | None = None, after: int = 0, wait_seconds: Wait = 0
) -> list[dict[str, object]]:
    """Mails to an address (envelope recipient, any case) with an id above `after`."""
    return await world.news.until(lambda: _mails(world, to, after), wait_seconds)


@router.get("/mailbox/{mail_id}/raw")
async def raw_mail(mail_id: int, world: TheWorld) -> Response:
    row = world.books.row("SELECT raw FROM mails WHERE id = ?", mail_id)
    if row is None:
        raise HTTPException(404, f"no mail {mail_id}")
    return Response(row["raw"], media_type="message/rfc822")


@router.get("/phone")
async def phone(
    world: TheWorld, to: str | None = None, after: int = 0, wait_seconds: Wait = 0
) -> list[dict[str, object]]:
    """Text messages to a number with an id above `after`."""
    return await world.news.until(lambda: _texts(world, to, after), wait_seconds)


def _mails(world: World, to: str | None, after: int) -> list[dict[str, object]]:
    rows = world.books.rows(
        "SELECT m.id, m.sender, m.received_at, m.raw,"
        " (SELECT json_group_array(address) FROM mail_recipients r WHERE r.mail_id = m.id) AS recipients"
        " FROM mails m WHERE m.id > ?1 AND (?2 IS NULL OR EXISTS"
        " (SELECT 1 FROM mail_recipients r WHERE r.mail_id = m.id AND r.address = ?2))"
        " ORDER BY m.id DESC LIMIT 200",
        after,
        to,
    )
    return [
        {
            "id": row["id"],
            "received_at": row["received_at"],
            "from": row["sender"],
            "to": json.loads(row["recipients"]),
            **_contents(row["raw"]),
        }
        for row in rows
    ]


def _contents(raw: bytes) -> dict[str, object]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 -- the default policy makes these
    return {
        "subject": str(message["Subject"]) if message["Subject"] is not None else None,
        "message_id": str(message["Message-ID"]) if message["Message-ID"] is not None else None,
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "attachments": [
            part.get_filename() or part.get_content_type() for part in message.iter_attachments()
        ],
    }


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    return None if part is None else str(part.get_content())


def _texts(world: World, to: str | None, after: int) -> list[dict[str, object]]:
    rows = world.books.rows(
        "SELECT id, recipient, sent_at, doc FROM texts WHERE id > ?1 AND (?2 IS NULL OR recipient = ?2)"
        " ORDER BY id DESC LIMIT 200",
        after,
        to,
    )
    found = []
    for row in rows:
        message = json.loads(row["doc"])
        found.append(
            {
                "id": row["id"],
                "to": row["recipient"],
                "from": message["from"],
                "body": message["body"],
                "sid": message["sid"],
                "status": message["status"],
                "sent_at": row["sent_at"],
            }
        )
    return found
