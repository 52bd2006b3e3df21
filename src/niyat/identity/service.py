"""Makes the identity service."""

from __future__ import annotations

from niyat.identity import http
from niyat.identity.adapters.notifications_client import NotificationsCodeSender
from niyat.identity.commands.ensure_service_client import ensure_service_client
from niyat.identity.commands.rotate_keys import ensure_signing_key
from niyat.identity.hashing import Keyed
from niyat.identity.jobs import jobs
from niyat.identity.keys import SigningKeys, published_keys
from niyat.identity.parts import Parts
from niyat.identity.settings import IdentitySettings
from niyat.identity.tokens import Tokens
from niyat.kernel.auth import TokenVerifier
from niyat.service import Context, Service


async def create(context: Context, settings: IdentitySettings) -> Service:
    """The service over `context`, with its signing key and a client for every service whose secret is set."""
    keyed = Keyed(settings.code_secret)
    tokens = Tokens(
        SigningKeys(context.db, keyed, context.clock), context.settings.token_issuer, context.clock
    )
    sender = NotificationsCodeSender(context.clients["notifications"], tokens.service_token)
    parts = Parts(db=context.db, settings=settings, keyed=keyed, tokens=tokens, sender=sender)
    await prepare(parts)
    return wire(context, parts)


async def prepare(parts: Parts) -> None:
    """What must be there before identity can serve; it may be repeated. Raises SecretTooShort."""
    await ensure_signing_key(parts.db, parts.keyed)
    for name, secret in parts.settings.client_secrets.items():
        await parts.db.run(ensure_service_client, name, secret)


def wire(context: Context, parts: Parts) -> Service:
    """The service that works with `parts`."""
    # Not the context's verifier, which would ask us over HTTP for keys that lie in our own database.
    verifier = TokenVerifier(
        lambda: published_keys(parts.db), issuer=context.settings.token_issuer, clock=context.clock
    )
    return Service(name="identity", app=http.create(parts, verifier), db=parts.db, jobs=jobs(parts))
