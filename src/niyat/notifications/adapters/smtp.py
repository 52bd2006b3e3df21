"""Mail over SMTP. A connection that breaks after DATA says nothing: the relay may have the mail (RFC 5321, 4.2.5).

Such a mail is sent again with the same Message-ID, which mailboxes show once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from niyat.notifications.errors import DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from niyat.notifications.ports import Invitation, Mail, Receipt

NO_ANSWER = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, TimeoutError, OSError)

LONGEST_LINE = 998  # RFC 5322, section 2.1.1


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    timeout_seconds: float
    username: str | None = None
    password: SecretStr | None = None


class SmtpEmailProvider:
    """An EmailProvider with a connection per mail."""

    def __init__(self, server: SmtpServer, sender: str) -> None:
        self._server = server
        self._sender = sender

    async def send(self, mail: Mail) -> Receipt:
        content = as_sent(compose(mail, self._sender))
        smtp = self._client()
        try:
            await self._open(smtp)
            options = [] if mail.to.isascii() else ["SMTPUTF8"]
            await _before_data(smtp, parseaddr(self._sender)[1], mail.to, options)
            return await _data(smtp, content)
        finally:
            smtp.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            timeout=self._server.timeout_seconds,
            use_tls=self._server.tls == "implicit",
            start_tls=self._server.tls == "starttls",
        )

    async def _open(self, smtp: aiosmtplib.SMTP) -> None:
        """Nothing was handed over yet, so whatever fails here may be tried again."""
        try:
            await smtp.connect()
            if self._server.username is not None and self._server.password is not None:
                await smtp.login(self._server.username, self._server.password.get_secret_value())
        except aiosmtplib.SMTPResponseException as refused:
            raise DeliveryPostponed(f"smtp-{refused.code}") from refused
        except (aiosmtplib.SMTPException, *NO_ANSWER) as unreachable:
            raise DeliveryPostponed("smtp-unreachable") from unreachable


async def _before_data(smtp: aiosmtplib.SMTP, sender: str, to: str, options: list[str]) -> None:
    try:
        await smtp.mail(sender, options=options, encoding="utf-8")
        await smtp.rcpt(to, encoding="utf-8")
    except aiosmtplib.SMTPRecipientRefused as refused:
        raise _refusal(refused.code) from refused
    except aiosmtplib.SMTPResponseException as refused:  # the sender or the session, not this person
        raise DeliveryPostponed(f"smtp-{refused.code}") from refused
    except NO_ANSWER as lost:
        raise DeliveryPostponed("smtp-connection-lost") from lost


async def _data(smtp: aiosmtplib.SMTP, content: bytes) -> Receipt:
    try:
        response = await smtp.data(content)
    except aiosmtplib.SMTPResponseException as refused:
        raise _refusal(refused.code) from refused
    except NO_ANSWER as lost:
        raise DeliveryUnknown("smtp-no-answer-after-data") from lost
    with suppress(aiosmtplib.SMTPException, *NO_ANSWER):
        await smtp.quit()
    return Receipt("smtp", response.message[:200] or None)


def _refusal(code: int) -> DeliveryRefused | DeliveryPostponed:
    """5xx is for good, 4xx for now (RFC 5321, section 4.2.1)."""
    return DeliveryRefused(f"smtp-{code}") if code >= 500 else DeliveryPostponed(f"smtp-{code}")


class AsSent(policy.EmailPolicy):
    """How a mail is written. The standard library's own way folds a subject right after its name, which is then read
    with a space before it, and loses spaces between encoded words.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name != "Subject":
            return super().fold_binary(name, value)
        charset = "us-ascii" if value.isascii() else "utf-8"
        line = LONGEST_LINE if value.isascii() else None  # an encoded word must be short (RFC 2047)
        folded = Header(str(value), charset, maxlinelen=line, header_name=name).encode(linesep=self.linesep)
        return f"{name}: {folded}{self.linesep}".encode("ascii")


def as_sent(message: EmailMessage) -> bytes:
    """The bytes of `message`."""
    return message.as_bytes(policy=AsSent(linesep="\r\n"))


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The mail as it travels: text, HTML and an invitation, marked as automatic (RFC 3834). Raises DeliveryRefused."""
    message = EmailMessage()
    try:
        message["To"] = Address(addr_spec=mail.to)
    except (MessageError, ValueError, IndexError) as wrong:  # its parser has many ways to object
        raise DeliveryRefused("address-wrong") from wrong
    message["From"] = sender
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.invitation is not None:
        _invite(message, mail.invitation)
    return message


def _invite(message: EmailMessage, invitation: Invitation) -> None:
    """As an alternative, which calendars act on, and as a file for those that do not (RFC 6047, section 2.4)."""
    # Not base64: of a text the library would keep bare line feeds in there, and calendars ask for CRLF.
    message.add_alternative(
        invitation.content.decode(),
        subtype="calendar",
        cte="quoted-printable",
        params={"method": invitation.method},
    )
    message.add_attachment(invitation.content, maintype="application", subtype="ics", filename="invite.ics")
