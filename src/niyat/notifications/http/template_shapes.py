"""What the routes of the wording take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from niyat.kernel.db import Row
from niyat.kernel.fields import NO_NUL, ONE_LINE, Body, Reason
from niyat.notifications.categories import Audience, Category
from niyat.notifications.commands.edit_templates import Which
from niyat.notifications.domain import NotificationChannel, NotificationType

Language: TypeAlias = Annotated[
    str, Path(pattern=r"^[a-z]{2,3}$", description="ISO 639", examples=["en", "hi"])
]
Version: TypeAlias = Annotated[int, Path(ge=1, lt=2**31)]


async def _which(type: NotificationType, channel: NotificationChannel, language: Language) -> Which:  # noqa: A002
    return Which(type, channel, language)


Wanted = Annotated[Which, Depends(_which)]


class WordingBody(Body):
    """Jinja's source of each part. Values may be shown, tested and listed; nothing is computed or loaded."""

    subject: str = Field(
        default="", max_length=300, pattern=ONE_LINE, description="Of a mail; of a push message, its title"
    )
    text: str = Field(min_length=1, max_length=20_000, pattern=NO_NUL)
    html: str = Field(
        default="", max_length=50_000, pattern=NO_NUL, description="A mail's body; Niyat adds the frame"
    )


class PublishBody(Body):
    """Which version this one takes the place of, and why."""

    replaces: int | None = Field(
        ge=1, lt=2**31, description="The version in force as you saw it; null: there was none"
    )
    reason: Reason


class VariableView(BaseModel):
    """A variable that the wording of this type may use."""

    name: str
    meaning: str


class TemplateView(BaseModel):
    """A message on a channel in a language, and which of its versions people are sent."""

    type: NotificationType
    channel: NotificationChannel
    language: str
    audience: Audience
    category: Category
    in_force: int | None = Field(description="The version that people are sent")
    newest: int = Field(description="Above `in_force`: a draft, or wording of a release that was not taken")
    variables: list[VariableView]


class TemplatesView(BaseModel):
    """All of them; there are a few for each type."""

    items: list[TemplateView]


class VersionView(BaseModel):
    """One version of the wording. It never changes."""

    type: NotificationType
    channel: NotificationChannel
    language: str
    version: int
    origin: Literal["shipped", "edited"]
    live: bool
    subject: str
    text: str
    html: str
    author_id: UUID | None
    created_at: datetime
    published_by: UUID | None
    published_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> VersionView:
        return cls.model_validate(dict(row))


class SizeView(BaseModel):
    """What a text message of this length takes."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int = Field(description="Characters as carriers count them")
    segments: int = Field(description="Messages that are charged")


class PreviewView(BaseModel):
    """How it comes out with one sample."""

    sample: str
    subject: str
    text: str
    html: str
    size: SizeView | None = Field(description="Of a text message")


class PreviewsView(BaseModel):
    """With every sample that this type has."""

    items: list[PreviewView]
