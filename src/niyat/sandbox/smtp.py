"""A mail relay that keeps everything and delivers nothing; refuses or falls silent on request.

`drop-after-data` keeps the mail and closes the connection before the 250 (RFC 5321, section 4.5.3.2.6). A mailbox
whose name begins with one of REFUSED is refused at once, with one of RETURNED later by a mail that comes back.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from niyat.sandbox.returned_mail import give_back
from niyat.sandbox.world import World

_REPLIES = {"4xx": "451 4.3.0 Try again later", "5xx": "550 5.1.1 No such mailbox"}

REFUSED = {
    "no-such-mailbox": "550 5.1.1 No such mailbox",
    "switched-off": "550 5.2.1 Mailbox disabled",
    "mailbox-full": "552 5.2.2 Mailbox full",
    "blocked": "550 5.7.1 Message refused by our policy",
    "bare-refusal": "550 Not here",
}
RETURNED = {
    "returned-unknown": "5.1.1",
    "returned-full": "5.2.2",
    "returned-late": "4.4.1",
    "returned-blocked": "5.7.1",
}
GREYLISTED = "greylisted"


class Relay:
    """The hooks that aiosmtpd calls."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        mode = self._take_fault("rcpt", [address])
        if mode is not None:
            return _REPLIES[mode]
        if (refusal := _fate(REFUSED, address)) is not None:
            return refusal
        if address.startswith(GREYLISTED) and self._first_seen(address):
            return "451 4.7.1 Greylisted, please try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        mode = self._take_fault("data", envelope.rcpt_tos)
        if mode in _REPLIES:
            return _REPLIES[mode]
        self._keep(envelope)
        if mode == "drop-after-data" and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 OK"

    def _take_fault(self, stage: str, recipients: list[str]) -> str | None:
        """The mode of the oldest fault that waits for this mail; used up at once."""
        books = self._world.books
        for recipient in recipients:
            with books.transaction():
                row = books.row(
                    "UPDATE mail_faults SET times_left = times_left - 1 WHERE id ="
                    " (SELECT min(id) FROM mail_faults WHERE stage = ? AND times_left > 0"
                    "  AND (recipient IS NULL OR recipient = ?)) RETURNING mode",
                    stage,
                    recipient,
                )
            if row is not None:
                return str(row["mode"])
        return None

    def _keep(self, envelope: Envelope) -> None:
        books, content = self._world.books, envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        with books.transaction():
            self._arrive(envelope.mail_from or "", envelope.rcpt_tos, raw)
            for address in envelope.rcpt_tos:
                if envelope.mail_from and (status := _fate(RETURNED, address)) is not None:
                    report = give_back(self._world, envelope.mail_from, address, raw, status)
                    self._arrive("", [envelope.mail_from], report)
        self._world.news.ring()

    def _arrive(self, sender: str, recipients: list[str], raw: bytes) -> None:
        books = self._world.books
        mail = books.run(
            "INSERT INTO mails (sender, received_at, raw) VALUES (?, ?, ?)",
            sender,
            self._world.clock.now(),
            raw,
        )
        for address in recipients:
            books.run(
                "INSERT OR IGNORE INTO mail_recipients (mail_id, address) VALUES (?, ?)",
                mail.lastrowid,
                address,
            )

    def _first_seen(self, address: str) -> bool:
        with self._world.books.transaction():
            seen = self._world.books.run("INSERT OR IGNORE INTO greylisted (recipient) VALUES (?)", address)
        return seen.rowcount == 1


def _fate(fates: Mapping[str, str], address: str) -> str | None:
    """What is decided by how the mailbox's name begins."""
    return next((fate for name, fate in fates.items() if address.lower().startswith(name)), None)


async def listen(world: World, sock: socket.socket) -> asyncio.Server:
    """Serve SMTP on a bound socket; any user name and password is welcome, none is needed."""
    loop = asyncio.get_running_loop()
    relay = Relay(world)

    def connection() -> SMTP:
        return SMTP(
            relay,
            loop=loop,
            hostname="sandbox.localhost",
            ident="Niyat sandbox",
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )

    return await loop.create_server(connection, sock=sock)
