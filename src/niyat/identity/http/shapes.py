"""The bodies of requests and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from niyat.identity.domain import DEFAULT_TIME_ZONE, Language, Role, email_address
from niyat.kernel.db import Row
from niyat.kernel.fields import ONE_LINE, Body, Name, Reason, TimeZone

Email: TypeAlias = Annotated[
    str, Field(max_length=254, examples=["asha@example.com"]), AfterValidator(email_address)
]
Phone: TypeAlias = Annotated[
    str, Field(min_length=3, max_length=40, pattern=ONE_LINE, examples=["+91 98765 43210"])
]
Code: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["123456"])]
Printable: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[\x20-\x7e]+$")
]
RefreshToken: TypeAlias = Annotated[str, Field(min_length=20, max_length=200)]


class CodeBody(Body):
    """Where to send a code: exactly one of `phone` and `email`."""

    phone: Phone | None = None
    email: Email | None = None
    language: Language = Field(default="en", description="Of the message, and of a new account")

    @model_validator(mode="after")
    def _one_address(self) -> CodeBody:
        if (self.phone is None) == (self.email is None):
            raise ValueError("give either phone or email")
        return self


class VisitorCodeBody(CodeBody):
    """The same, asked for by the gateway's pages on behalf of whoever looks at them."""

    requester: str = Field(max_length=64, description="The visitor's address, to which the limit counts")


class ChallengeView(BaseModel):
    """A code is on its way, whether or not the address has an account."""

    challenge_id: UUID
    expires_at: datetime
    resend_after_seconds: int = Field(
        description="Another code to this address can be asked for after this long"
    )


class SignInBody(Body):
    """The code that was received."""

    challenge_id: UUID
    code: Code
    name: Name | None = Field(default=None, description="Kept if the account has none yet")


class RefreshBody(Body):
    """The refresh token of a session."""

    refresh_token: RefreshToken


class AccountView(BaseModel):
    """An account."""

    account_id: UUID
    roles: list[Role]
    name: str | None
    email: str | None
    email_verified: bool = Field(description="Only a verified email can be signed in with")
    phone: str | None = Field(description="E.164")
    language: Language
    time_zone: str = Field(description="IANA")
    created_at: datetime


class TokensView(BaseModel):
    """An access token for the next minutes, and the refresh token that gets the next one."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a type
    expires_in: int = Field(description="Seconds")
    refresh_token: str


class SignedInView(TokensView):
    """A new session."""

    account: AccountView


class SessionView(BaseModel):
    """One place where this account is signed in."""

    session_id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    current: bool = Field(description="Whether this request belongs to it")


class AccountChangeBody(Body):
    """What to change; what is null or left out stays.

    A new email stays unverified unless `challenge_id` and `code` show that you read it (ask for the code with
    `POST /api/v1/auth/codes`).
    """

    name: Name | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None
    email: Email | None = None
    challenge_id: UUID | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _whole_proof(self) -> AccountChangeBody:
        if (self.challenge_id is None) != (self.code is None):
            raise ValueError("give challenge_id and code together")
        if self.code is not None and self.email is None:
            raise ValueError("give the email that the code was sent to")
        return self


class AccountBody(Body):
    """Somebody's new account. `reason` goes into the audit log."""

    roles: list[Role] = Field(min_length=1, max_length=3)
    name: Name
    phone: Phone | None = None
    email: Email | None = None
    language: Language = "en"
    time_zone: TimeZone = DEFAULT_TIME_ZONE
    reason: Reason

    @model_validator(mode="after")
    def _can_sign_in(self) -> AccountBody:
        if self.phone is None and self.email is None:
            raise ValueError("give a phone, an email or both, to sign in with")
        return self


class ContactView(BaseModel):
    """Whom to reach, and how."""

    account_id: UUID
    name: str | None
    email: str | None
    phone: str | None
    language: Language
    time_zone: str


class FindContactsBody(Body):
    """Who is to be reached."""

    account_ids: set[UUID] = Field(min_length=1, max_length=100)


class FoundContactsView(BaseModel):
    """Those of them who are there, in no order."""

    items: list[ContactView]


class AdministratorsView(BaseModel):
    """The accounts of those who run the clinic."""

    account_ids: list[UUID]


class KeyView(BaseModel):
    """One public key (RFC 7517)."""

    kty: Literal["RSA"]
    n: str
    e: str
    kid: str
    alg: Literal["RS256"]
    use: Literal["sig"]


class KeySetView(BaseModel):
    """The keys that verify our tokens."""

    keys: list[KeyView]


class TokenBody(BaseModel):
    """Client credentials; the client may identify itself by HTTP Basic instead."""

    model_config = ConfigDict(extra="ignore")  # RFC 6749, section 3.2: unknown parameters are ignored.

    grant_type: Printable
    client_id: Printable
    client_secret: Printable


class ServiceTokenView(BaseModel):
    """A service's token."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a type
    expires_in: int = Field(description="Seconds")


def account_view(row: Row) -> AccountView:
    return AccountView(
        account_id=row["id"],
        roles=row["roles"],
        name=row["name"],
        email=row["email"],
        email_verified=row["email_verified_at"] is not None,
        phone=row["phone"],
        language=row["language"],
        time_zone=row["time_zone"],
        created_at=row["created_at"],
    )
