"""The bodies of requests and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from niyat.identity.domain import DEFAULT_TIME_ZONE, Language, Role, email_address, time_zone
from niyat.kernel.db import Row

Name: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Reason: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00]+$")
]
Email: TypeAlias = Annotated[
    str, Field(max_length=254, examples=["asha@example.com"]), AfterValidator(email_address)
]
Phone: TypeAlias = Annotated[
    str, Field(min_length=3, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["+91 98765 43210"])
]
TimeZone: TypeAlias = Annotated[
    str, Field(max_length=64, examples=[DEFAULT_TIME_ZONE]), AfterValidator(time_zone)
]
Code: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["123456"])]
RefreshToken: TypeAlias = Annotated[str, Field(min_length=20, max_length=200)]


class Body(BaseModel):
    """A request's body: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class CodeRequest(Body):
    """Where to send a code: exactly one of `phone` and `email`."""

    phone: Phone | None = None
    email: Email | None = None
    language: Language = Field(default="en", description="Of the message, and of a new account")

    @model_validator(mode="after")
    def _one_address(self) -> CodeRequest:
        if (self.phone is None) == (self.email is None):
            raise ValueError("give either phone or email")
        return self


class CodeSent(BaseModel):
    """A code is on its way, whether or not the address has an account."""

    challenge_id: UUID
    expires_at: datetime
    resend_after_seconds: int = Field(
        description="Another code to this address can be asked for after this long"
    )


class SignIn(Body):
    """The code that was received."""

    challenge_id: UUID
    code: Code
    name: Name | None = Field(default=None, description="Kept if the account has none yet")


class RefreshRequest(Body):
    """The refresh token of a session."""

    refresh_token: RefreshToken


class Account(BaseModel):
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


class TokenPair(BaseModel):
    """An access token for the next minutes, and the refresh token that gets the next one."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a type
    expires_in: int = Field(description="Seconds")
    refresh_token: str


class SignedIn(TokenPair):
    """A new session."""

    account: Account


class SessionView(BaseModel):
    """One place where this account is signed in."""

    session_id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    current: bool = Field(description="Whether this request belongs to it")


class SessionList(BaseModel):
    """The sessions that go on, newest first."""

    sessions: list[SessionView]


class AccountChange(Body):
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
    def _whole_proof(self) -> AccountChange:
        if (self.challenge_id is None) != (self.code is None):
            raise ValueError("give challenge_id and code together")
        if self.code is not None and self.email is None:
            raise ValueError("give the email that the code was sent to")
        return self


class AccountRequest(Body):
    """Somebody's new account. `reason` goes into the audit log."""

    roles: list[Role] = Field(min_length=1, max_length=3)
    name: Name
    phone: Phone | None = None
    email: Email | None = None
    language: Language = "en"
    time_zone: TimeZone = DEFAULT_TIME_ZONE
    reason: Reason

    @model_validator(mode="after")
    def _can_sign_in(self) -> AccountRequest:
        if self.phone is None and self.email is None:
            raise ValueError("give a phone, an email or both, to sign in with")
        return self


class Contact(BaseModel):
    """Whom to reach, and how."""

    account_id: UUID
    name: str | None
    email: str | None
    phone: str | None
    language: Language
    time_zone: str


def account_view(row: Row) -> Account:
    return Account(
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
