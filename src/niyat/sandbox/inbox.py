"""What arrived by mail, text message and push message, out of the books."""

from __future__ import annotations

import email
import email.policy
import json
from email.message import EmailMessage
from sqlite3 import Row
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from niyat.sandbox.world import TheWorld, World

MailId = Annotated[int, Path(ge=0, le=2**62)]
After = Annotated[int, Query(ge=0, le=2**62)]
Wait = Annotated[float, Query(ge=0, le=20)]

_MAIL = (
    "SELECT m.id, m.sender, m.received_at, m.raw,"
    " (SELECT json_group_array(address) FROM mail_recipients r WHERE r.mail_id = m.id) AS recipients FROM mails m"
)

router = APIRouter()


@router.get("/mailbox/{mail_id}/raw")
async def raw_mail(mail_id: MailId, world: TheWorld) -> Response:
    found = raw(world, mail_id)
    if found is None:
        raise HTTPException(404, f"no mail {mail_id}")
    return Response(found, media_type="message/rfc822")


def raw(world: World, mail_id: int) -> bytes | None:
    """The mail exactly as it came."""
    row = world.books.row("SELECT raw FROM mails WHERE id = ?", mail_id)
    return None if row is None else bytes(row["raw"])


def one_mail(world: World, mail_id: int) -> dict[str, object] | None:
    row = world.books.row(f"{_MAIL} WHERE m.id = ?", mail_id)
    return None if row is None else _mail(row)


def mails(world: World, to: str | None, after: int, most: int = 200) -> list[dict[str, object]]:
    """Mails to an address (envelope recipient, any case) with an id above `after`, newest first."""
    rows = world.books.rows(
        _MAIL  # noqa: S608 -- a constant
        + " WHERE m.id > ?1 AND (?2 IS NULL OR EXISTS"
        " (SELECT 1 FROM mail_recipients r WHERE r.mail_id = m.id AND r.address = ?2))"
        " ORDER BY m.id DESC LIMIT ?3",
        after,
        to,
        most,
    )
    return [_mail(row) for row in rows]


def _mail(row: Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "received_at": row["received_at"],
        "from": row["sender"],
        "to": json.loads(row["recipients"]),
        **_contents(row["raw"]),
    }


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


def texts(world: World, to: str | None, after: int, most: int = 200) -> list[dict[str, object]]:
    """Text messages to a number with an id above `after`, newest first."""
    rows = world.books.rows(
        "SELECT id, recipient, sent_at, doc FROM texts WHERE id > ?1 AND (?2 IS NULL OR recipient = ?2)"
        " ORDER BY id DESC LIMIT ?3",
        after,
        to,
        most,
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
                "error_code": message["error_code"],
                "sent_at": row["sent_at"],
            }
        )
    return found


def pushes(world: World, to: str | None, after: int, most: int = 200) -> list[dict[str, object]]:
    """Push messages to a device with an id above `after`, newest first."""
    rows = world.books.rows(
        "SELECT id, device, sent_at, doc FROM pushes WHERE id > ?1 AND (?2 IS NULL OR device = ?2)"
        " ORDER BY id DESC LIMIT ?3",
        after,
        to,
        most,
    )
    return [
        {"id": row["id"], "to": row["device"], "sent_at": row["sent_at"], **json.loads(row["doc"])}
        for row in rows
    ]
