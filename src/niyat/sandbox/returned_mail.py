"""A mail that comes back: the report that its mail server writes to the return path (RFC 3464).

It arrives in the sandbox's mailbox, and is posted where the mail to that address goes on to, as a mail server's pipe
would.
"""

from __future__ import annotations

from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.utils import make_msgid

from niyat.sandbox import postman
from niyat.sandbox.world import World

REASONS = {
    "5.1.1": "The email account that you tried to reach does not exist.",
    "5.2.1": "The email account that you tried to reach is disabled.",
    "5.2.2": "The recipient's inbox is out of storage space.",
    "5.7.1": "Our system has detected that this message is likely unsolicited mail.",
    "4.4.1": "The recipient server did not accept our requests to connect.",
}


def give_back(world: World, return_path: str, recipient: str, original: bytes, status: str) -> bytes:
    """Write the report, and put it on its way. Inside a transaction of the books."""
    report = _report(return_path, recipient, original, status)
    local, _, domain = return_path.rpartition("@")
    address = f"{local.partition('+')[0]}@{domain}"
    row = world.books.row("SELECT url, secret FROM mail_returns_to WHERE address = ?", address)
    if row is not None:
        postman.put(
            world,
            sender=address.lower(),
            about=recipient,
            what=f"failed {status}",
            url=row["url"],
            headers={"Content-Type": "message/rfc822", "X-Bounces-Secret": row["secret"]},
            body=report,
        )
    return report


def _report(return_path: str, recipient: str, original: bytes, status: str) -> bytes:
    reason = REASONS.get(status, "It could not be delivered.")
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"] = "Mail Delivery Subsystem <mailer-daemon@sandbox.localhost>"
    report["To"] = return_path
    report["Subject"] = "Delivery Status Notification (Failed)"
    report["Message-ID"] = make_msgid(domain="sandbox.localhost")
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"{recipient}: {reason}\n"))
    report.attach(_delivery_status(recipient, status, reason))
    headers = MIMENonMultipart("text", "rfc822-headers")
    headers.set_payload(original.partition(b"\r\n\r\n")[0].decode(errors="replace"), "utf-8")
    report.attach(headers)
    return report.as_bytes()


def _delivery_status(recipient: str, status: str, reason: str) -> Message:
    about_mail, about_recipient = Message(), Message()
    about_mail["Reporting-MTA"] = "dns; sandbox.localhost"
    about_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    about_recipient["Action"] = "failed"
    about_recipient["Status"] = status
    about_recipient["Diagnostic-Code"] = f"smtp; {'550' if status[0] == '5' else '450'} {status} {reason}"
    part = Message()
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([about_mail, about_recipient])
    return part
