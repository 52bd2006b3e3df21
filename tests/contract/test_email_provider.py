"""A mail server in all its moods: what each refusal means, connections that stay open, and TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from niyat.notifications.adapters.smtp import SmtpEmailProvider, refusal
from niyat.notifications.adapters.smtp_connections import SmtpServer
from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from tests.support.channels import SENDER, MailRig
from tests.support.sandbox import Sandbox


@pytest.fixture
async def rig(sandbox: Sandbox) -> AsyncIterator[MailRig]:
    made = MailRig(sandbox)
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("kind", "outcome", "code"),
    [
        ("no-such-mailbox", AddressGone, "smtp-550"),
        ("switched-off", AddressGone, "smtp-550"),
        ("mailbox-full", DeliveryPostponed, "smtp-552"),
        ("greylisted", DeliveryPostponed, "smtp-451"),
        ("blocked", DeliveryRefused, "smtp-550"),
        ("bare-refusal", DeliveryRefused, "smtp-550"),
    ],
)
async def test_a_refusal_means_what_its_enhanced_code_says(
    rig: MailRig, kind: str, outcome: type[Exception], code: str
) -> None:
    with pytest.raises(outcome) as refused:
        await rig.send(rig.address(kind), "See you")
    assert type(refused.value) is outcome
    assert refused.value.error_code == code  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "message", "outcome"),
    [
        (550, "5.1.10 No MX", AddressGone),
        (551, "5.1.6 Moved", AddressGone),
        (554, "5.7.1 Relaying denied", DeliveryRefused),
        (550, "mailbox 5.1.1 quoted somewhere", DeliveryRefused),
        (421, "4.7.0 Too many connections", DeliveryPostponed),
        (450, "4.2.1 Locked", DeliveryPostponed),
    ],
)
def test_what_is_about_us_is_never_taken_for_the_mailbox(
    code: int, message: str, outcome: type[Exception]
) -> None:
    assert type(refusal(code, message)) is outcome


async def test_greylisting_passes(rig: MailRig) -> None:
    address = rig.address("greylisted")
    with pytest.raises(DeliveryPostponed):
        await rig.send(address, "See you")
    await rig.send(address, "See you")
    assert await rig.arrived(address) == ["See you"]


class Counting(Sink):
    """Counts mails, and the connections that they came on."""

    def __init__(self) -> None:
        self.sessions: set[object] = set()
        self.mails = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.sessions.add(session.peer)
        self.mails += 1
        return "250 2.0.0 OK"


@dataclass
class Relay:
    """A mail server of one test's own."""

    port: int
    counting: Counting
    tls: Literal["starttls", "implicit", "none"]

    def provider(self, tls: Literal["starttls", "implicit", "none"] | None = None) -> SmtpEmailProvider:
        server = SmtpServer(
            host="localhost", port=self.port, tls=tls or self.tls, timeout_seconds=10, connections=1
        )
        return SmtpEmailProvider(server, SENDER)


@asynccontextmanager
async def relay(
    tls: Literal["starttls", "implicit", "none"], context: ssl.SSLContext | None = None
) -> AsyncIterator[Relay]:
    counting, loop = Counting(), asyncio.get_running_loop()
    starttls = tls == "starttls"

    def session() -> SMTP:
        return SMTP(
            counting,
            loop=loop,
            hostname="localhost",
            tls_context=context if starttls else None,
            require_starttls=starttls,
        )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if tls == "implicit" else None)
    yield Relay(server.sockets[0].getsockname()[1], counting, tls)
    server.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(params=["starttls", "implicit"])
async def encrypted(request: pytest.FixtureRequest, certificate: Path) -> AsyncIterator[Relay]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with relay(request.param, context) as listening:
        yield listening


@pytest.fixture
async def plain() -> AsyncIterator[Relay]:
    async with relay("none") as listening:
        yield listening


async def test_mail_is_encrypted_to_a_server_that_shows_who_it_is(
    encrypted: Relay, certificate: Path, rig: MailRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    provider = encrypted.provider()
    await provider.send(rig.mail("asha@patient.example", "See you"))
    await provider.close()
    assert encrypted.counting.mails == 1


async def test_nothing_is_said_to_a_server_that_cannot_show_who_it_is(encrypted: Relay, rig: MailRig) -> None:
    provider = encrypted.provider()
    with pytest.raises(DeliveryPostponed):
        await provider.send(rig.mail("asha@patient.example", "See you"))
    await provider.close()
    assert encrypted.counting.mails == 0


async def test_a_server_without_encryption_gets_no_mail_when_it_must_be_encrypted(
    plain: Relay, rig: MailRig
) -> None:
    provider = plain.provider("starttls")
    with pytest.raises(DeliveryPostponed):
        await provider.send(rig.mail("asha@patient.example", "See you"))
    await provider.close()
    assert plain.counting.mails == 0


async def test_one_connection_carries_many_mails(plain: Relay, rig: MailRig) -> None:
    provider = plain.provider()
    await asyncio.gather(*(provider.send(rig.mail(f"p{n}@patient.example", "See you")) for n in range(5)))
    await provider.close()
    assert (plain.counting.mails, len(plain.counting.sessions)) == (5, 1)


async def test_after_a_refusal_and_after_a_server_that_hung_up_mail_goes_on(
    sandbox: Sandbox, rig: MailRig
) -> None:
    with pytest.raises(AddressGone):
        await rig.send(rig.address("no-such-mailbox"), "See you")
    first, second = rig.address(), rig.address()
    await rig.lose_answer(first)
    with pytest.raises(DeliveryUnknown):
        await rig.send(first, "See you")
    await rig.send(second, "See you")
    assert await rig.arrived(second) == ["See you"]
