"""A mail relay that keeps everything and delivers nothing; refuses or falls silent on request.

`drop-after-data` keeps the mail and closes the connection before the 250 (RFC 5321, section 4.5.3.2.6).
"""

from __future__ import annotations

import asyncio
import socket

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from niyat.sandbox.world import World

_REPLIES = {"4xx": "451 4.3.0 Try again later", "5xx": "550 5.1.1 No such mailbox"}


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
            mail = books.run(
                "INSERT INTO mails (sender, received_at, raw) VALUES (?, ?, ?)",
                envelope.mail_from or "",
                self._world.clock.now(),
                raw,
            )
            for address in envelope.rcpt_tos:
                books.run(
                    "INSERT OR IGNORE INTO mail_recipients (mail_id, address) VALUES (?, ?)",
                    mail.lastrowid,
                    address,
                )
        self._world.news.ring()


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
