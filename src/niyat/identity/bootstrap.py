"""What must be there before identity can serve, for the composition root and the command line. All may be repeated."""

from __future__ import annotations

from uuid import UUID

from pydantic import SecretStr

from niyat.identity import domain
from niyat.identity.commands import create_admin as admins
from niyat.identity.commands import ensure_service_client as clients
from niyat.identity.commands import rotate_keys as keys
from niyat.identity.hashing import Keyed
from niyat.identity.settings import IdentitySettings
from niyat.kernel.db import Database
from niyat.kernel.errors import InvalidRequest


async def prepare(db: Database, settings: IdentitySettings) -> None:
    """A signing key, and a client for every service whose secret is set. `service.create` calls it."""
    await ensure_signing_key(db, settings)
    for name, secret in settings.client_secrets.items():
        await ensure_service_client(db, name, secret)


async def ensure_signing_key(db: Database, settings: IdentitySettings) -> None:
    """Make the first signing key."""
    await keys.ensure_signing_key(db, Keyed(settings.code_secret))


async def ensure_service_client(db: Database, name: str, secret: SecretStr) -> None:
    """Let the service `name` get tokens with `secret`. Raises SecretTooShort."""
    await db.run(lambda conn: clients.ensure_service_client(conn, name, secret))


async def create_admin(
    db: Database,
    *,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    region: str = "IN",
    reason: str = "The first admin, by the command line",
) -> UUID:
    """The id of the admin, who signs in with a code to `email` or `phone`. Raises InvalidRequest."""
    if email is None and phone is None:
        raise InvalidRequest("An admin needs an email or a phone to sign in with.")
    try:
        spelt_email = domain.email_address(email) if email is not None else None
        spelt_phone = domain.phone_number(phone, region) if phone is not None else None
    except ValueError as error:
        raise InvalidRequest(f"This is {error}.") from error
    account = await db.run(
        lambda conn: admins.create_admin(conn, name=name, email=spelt_email, phone=spelt_phone, reason=reason)
    )
    account_id: UUID = account["id"]
    return account_id
