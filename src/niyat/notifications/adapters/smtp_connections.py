"""Connections to the mail server, kept open from one mail to the next: a handshake costs more than a mail.

Each serves one mail at a time. Before it is used again it is asked with RSET whether it is still there: servers close
what is idle without a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from niyat.notifications.errors import DeliveryPostponed
from niyat.notifications.turns import AT_ONCE

NO_ANSWER = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, TimeoutError, OSError)

MOST_MAILS = 100
"""Over one connection; servers end those that never stop."""


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over, and as whom. At most `connections` at a time; `timeout_seconds` for each answer."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    timeout_seconds: float
    username: str | None = None
    password: SecretStr | None = None
    connections: int = AT_ONCE


class SmtpConnections:
    """Lends open sessions."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._free = asyncio.Semaphore(server.connections)
        self._idle: list[tuple[aiosmtplib.SMTP, int]] = []

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A session with nothing under way; what leaves with an error is not used again. Raises DeliveryPostponed."""
        async with self._free:
            smtp, mails = await self._again() or (await self._open(), 0)
            try:
                yield smtp
            except BaseException:
                smtp.close()
                raise
            if mails + 1 < MOST_MAILS:
                self._idle.append((smtp, mails + 1))
            else:
                await _quit(smtp)

    async def close(self) -> None:
        """Say goodbye on those that are idle."""
        while self._idle:
            await _quit(self._idle.pop()[0])

    async def _again(self) -> tuple[aiosmtplib.SMTP, int] | None:
        """One that is still there."""
        while self._idle:
            smtp, mails = self._idle.pop()
            try:
                await smtp.rset()
            except (aiosmtplib.SMTPException, *NO_ANSWER):
                smtp.close()
            except BaseException:
                smtp.close()
                raise
            else:
                return smtp, mails
        return None

    async def _open(self) -> aiosmtplib.SMTP:
        """Nothing was handed over yet, so whatever fails here may be tried again."""
        smtp = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            timeout=self._server.timeout_seconds,
            use_tls=self._server.tls == "implicit",
            start_tls=self._server.tls == "starttls",
        )
        try:
            await smtp.connect()
            if self._server.username is not None and self._server.password is not None:
                await smtp.login(self._server.username, self._server.password.get_secret_value())
        except aiosmtplib.SMTPResponseException as refused:
            smtp.close()
            raise DeliveryPostponed(f"smtp-{refused.code}") from refused
        except (aiosmtplib.SMTPException, *NO_ANSWER) as unreachable:
            smtp.close()
            raise DeliveryPostponed("smtp-unreachable") from unreachable
        except BaseException:
            smtp.close()
            raise
        return smtp


async def _quit(smtp: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, *NO_ANSWER):
        await smtp.quit()
    smtp.close()
