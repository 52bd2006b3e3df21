"""Mail over SMTP. A connection that breaks after DATA says nothing: the relay may have the mail (RFC 5321, 4.2.5).

Such a mail is sent again with the same Message-ID, which mailboxes show once. What a refusal means is said by its
enhanced code (RFC 3463) where there is one: a bare 550 may be about us (no relaying, a block list) as well as about
the mailbox, and taking it for the mailbox would silence everybody at once.
"""

from __future__ import annotations

import asyncio
from email import policy
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import aiosmtplib

from niyat.notifications.adapters.return_path import ReturnPath
from niyat.notifications.adapters.smtp_connections import NO_ANSWER, SmtpConnections, SmtpServer
from niyat.notifications.bounces import MAILBOX_FULL, NO_SUCH_MAILBOX, STATUS
from niyat.notifications.domain import SuppressionCause
from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from niyat.notifications.ports import Invitation, Mail, Receipt

LONGEST_LINE = 998  # RFC 5322, section 2.1.1


class SmtpEmailProvider:
    """An EmailProvider. Mails come back to `return_path`, if there is one."""

    def __init__(self, server: SmtpServer, sender: str, return_path: ReturnPath | None = None) -> None:
        self._sender = sender
        self._return_path = return_path
        self._message_seconds = server.timeout_seconds * 3
        self._connections = SmtpConnections(server)

    async def send(self, mail: Mail) -> Receipt:
        """Raises what ports.py says. No mail takes longer than three answers may, however the server dawdles."""
        content = as_sent(compose(mail, self._sender))
        sender = self._return_path.of(mail) if self._return_path else parseaddr(self._sender)[1]
        handed_over = False
        try:
            async with self._connections.session() as smtp, asyncio.timeout(self._message_seconds):
                await _before_data(smtp, sender, mail.to)
                handed_over = True
                return await _data(smtp, content)
        except TimeoutError as dawdling:
            if handed_over:
                raise DeliveryUnknown("smtp-timeout") from dawdling
            raise DeliveryPostponed("smtp-timeout") from dawdling

    async def close(self) -> None:
        await self._connections.close()


async def _before_data(smtp: aiosmtplib.SMTP, sender: str, to: str) -> None:
    options = [] if to.isascii() else ["SMTPUTF8"]
    try:
        await smtp.mail(sender, options=options, encoding="utf-8")
        await smtp.rcpt(to, encoding="utf-8")
    except aiosmtplib.SMTPRecipientRefused as refused:
        raise refusal(refused.code, refused.message) from refused
    except aiosmtplib.SMTPResponseException as refused:  # the sender or the session, not this person
        raise DeliveryPostponed(f"smtp-{refused.code}") from refused
    except aiosmtplib.SMTPNotSupported as cannot:  # an address with letters that this server cannot write
        raise DeliveryRefused("smtp-not-supported") from cannot
    except NO_ANSWER as lost:
        raise DeliveryPostponed("smtp-connection-lost") from lost


async def _data(smtp: aiosmtplib.SMTP, content: bytes) -> Receipt:
    try:
        response = await smtp.data(content)
    except aiosmtplib.SMTPResponseException as refused:
        raise refusal(refused.code, refused.message) from refused
    except NO_ANSWER as lost:
        raise DeliveryUnknown("smtp-no-answer-after-data") from lost
    return Receipt("smtp", response.message[:200] or None)


def refusal(code: int, message: str) -> DeliveryRefused | DeliveryPostponed:
    """5xx is for good, 4xx for now (RFC 5321, section 4.2.1), and a mailbox that is full may be emptied."""
    enhanced = STATUS.match(message)
    about = enhanced[2] if enhanced else ""
    if code < 500 or about == MAILBOX_FULL:
        return DeliveryPostponed(f"smtp-{code}")
    if about in NO_SUCH_MAILBOX:
        return AddressGone(f"smtp-{code}", SuppressionCause.HARD_BOUNCE)
    return DeliveryRefused(f"smtp-{code}")


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
