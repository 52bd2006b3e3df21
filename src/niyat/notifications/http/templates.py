"""The wording, for administrators: read it, draft it, look at it with sample data, put it in force."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_number, next_cursor
from niyat.notifications import errors
from niyat.notifications.categories import AUDIENCE, CATEGORY
from niyat.notifications.commands.edit_templates import Wording, publish_template, template_of, write_draft
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.drafts import previews, refuse_unless_sound
from niyat.notifications.http.table import TABLE
from niyat.notifications.http.template_shapes import (
    PreviewsView,
    PreviewView,
    PublishBody,
    SizeView,
    TemplatesView,
    TemplateView,
    VariableView,
    Version,
    VersionView,
    Wanted,
    WordingBody,
)
from niyat.notifications.rendering import Template
from niyat.notifications.template_queries import find_version, list_templates, list_versions
from niyat.notifications.variables import DECLARED, MEANINGS

router = APIRouter(prefix="/api/v1/notifications/templates", tags=["templates"])

ALWAYS = (Unauthenticated, Forbidden, InvalidRequest)
REFUSED = (errors.UndeclaredVariable, errors.WordingRefused)
ONE = "/{type}/{channel}/{language}"


@router.get("", summary="All wording", responses=problems(TABLE, *ALWAYS))
async def all_templates(
    _: Admin,
    db: Db,
    type: NotificationType | None = None,  # noqa: A002 - the parameter's public name
    channel: NotificationChannel | None = None,
    language: str | None = None,
) -> TemplatesView:
    """Each message by channel and language, with the variables that its wording may use."""
    rows = await list_templates(db, type, channel, language)
    items = [
        TemplateView(
            **dict(row),
            audience=AUDIENCE[NotificationType(row["type"])],
            category=CATEGORY[NotificationType(row["type"])],
            variables=[
                VariableView(name=name, meaning=MEANINGS[name])
                for name in DECLARED[NotificationType(row["type"])]
            ],
        )
        for row in rows
    ]
    return TemplatesView(items=items)


@router.get(ONE, summary="The versions of one wording, newest first", responses=problems(TABLE, *ALWAYS))
async def versions(
    which: Wanted, _: Admin, db: Db, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[VersionView]:
    """Empty where nobody has written any."""
    rows = await list_versions(db, which, before=after_number(cursor), limit=limit)
    items = [VersionView.of(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=next_cursor(rows, limit, "version"))


@router.post(
    ONE + "/drafts",
    status_code=201,
    response_model=VersionView,
    summary="Write a draft",
    responses=problems(TABLE, *ALWAYS, *REFUSED, IdempotencyKeyReused),
)
async def draft(body: WordingBody, which: Wanted, who: Admin, db: Db, once: OnceOnly) -> JSONResponse:
    """A new version, which nobody is sent until it is published. A variable that its type lacks is refused."""
    wording = Wording(**body.model_dump())

    async def command(conn: Connection) -> Answer:
        row = await write_draft(conn, which, wording, author_id=who.account_id)
        return Answer(201, VersionView.of(row).model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()


@router.post(
    ONE + "/preview",
    summary="Look at wording before it is stored",
    responses=problems(TABLE, *ALWAYS, *REFUSED),
)
async def preview(body: WordingBody, which: Wanted, _: Admin) -> PreviewsView:
    """With made-up data of every case. Nothing is stored or sent."""
    template = Template(0, body.subject, body.text, body.html, which.language, which.channel)
    return _previews(which.type, template)


@router.get(
    ONE + "/versions/{version}/preview",
    summary="Look at a version with sample data",
    responses=problems(TABLE, *ALWAYS, *REFUSED, errors.TemplateNotFound),
)
async def preview_version(which: Wanted, version: Version, _: Admin, db: Db) -> PreviewsView:
    """As people would be sent it, with made-up data of every case."""
    return _previews(which.type, template_of(await find_version(db, which, version)))


@router.post(
    ONE + "/versions/{version}/publish",
    response_model=VersionView,
    summary="Put a version in force",
    responses=problems(
        TABLE, *ALWAYS, *REFUSED, errors.TemplateNotFound, errors.TemplateChanged, IdempotencyKeyReused
    ),
)
async def publish(
    body: PublishBody, which: Wanted, version: Version, who: Admin, db: Db, once: OnceOnly
) -> JSONResponse:
    """A draft, or an earlier version again. It is tried with every sample first: one that fails stays a draft."""

    async def command(conn: Connection) -> Answer:
        row = await publish_template(
            conn, which, version, replaces=body.replaces, actor_id=who.account_id, reason=body.reason
        )
        return Answer(200, VersionView.of(row).model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()


def _previews(kind: NotificationType, template: Template) -> PreviewsView:
    refuse_unless_sound(kind, template)
    return PreviewsView(
        items=[
            PreviewView(
                sample=each.sample,
                subject=each.words.subject,
                text=each.words.text,
                html=each.words.html,
                size=SizeView(**asdict(each.size)) if each.size else None,
            )
            for each in previews(kind, template)
        ]
    )
