"""Makes the identity service."""

from __future__ import annotations

from niyat.identity import bootstrap, http
from niyat.identity.adapters.notifications import NotificationsCodeSender
from niyat.identity.commands.request_code import Limits
from niyat.identity.hashing import Keyed
from niyat.identity.http.common import Identity
from niyat.identity.jobs import jobs
from niyat.identity.keys import SigningKeys, published_keys
from niyat.identity.ports import CodeSender
from niyat.identity.settings import IdentitySettings
from niyat.identity.tokens import Tokens
from niyat.kernel.auth import TokenVerifier
from niyat.service import Context, Service


async def create(
    context: Context, settings: IdentitySettings, *, sender: CodeSender | None = None
) -> Service:
    """The service over `context`, with its signing key and its clients in place. `sender`: else notifications."""
    db, issuer = context.db, context.settings.token_issuer
    await bootstrap.prepare(db, settings)
    keyed = Keyed(settings.code_secret)
    tokens = Tokens(SigningKeys(db, keyed, context.clock), issuer, context.clock)
    if sender is None:
        sender = NotificationsCodeSender(context.clients["notifications"], tokens.service_token)
    identity = Identity(
        db=db,
        keyed=keyed,
        tokens=tokens,
        sender=sender,
        limits=Limits(settings.address_limits, settings.requester_limits),
        resend_after_seconds=settings.resend_after_seconds,
        region=settings.default_region,
    )
    # Not the context's verifier, which would ask us over HTTP for keys that lie in our own database.
    verifier = TokenVerifier(lambda: published_keys(db), issuer=issuer, clock=context.clock)
    return Service(name="identity", app=http.create(identity, verifier), db=db, jobs=jobs(db, keyed))
