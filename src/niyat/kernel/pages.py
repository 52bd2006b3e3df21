"""Lists come in pages: `items` and an opaque `next_cursor`, null on the last page. A cursor is a place, not a number,
so a page is neither skipped nor repeated while rows are added.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from niyat.kernel.db import Row
from niyat.kernel.errors import InvalidRequest
from niyat.kernel.fields import within_reason

LARGEST_CURSOR = 1000
DEFAULT_LIMIT = 20

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None


Limit: TypeAlias = Annotated[int, Query(ge=1, le=100, description="How many at most")]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=LARGEST_CURSOR, description="`next_cursor` of the page before")
]


def cursor_at(*place: object) -> str:
    """The opaque cursor of a place in a list: the ordering values of its last row."""
    text = json.dumps([str(part) for part in place]).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def next_cursor(rows: Sequence[Mapping[str, Any] | Row], limit: int, *ordered_by: str) -> str | None:
    """The cursor of the `limit`-th row, by the columns that order the list, when `rows` has one more than that."""
    return cursor_at(*(rows[limit - 1][name] for name in ordered_by)) if len(rows) > limit else None


def after_id(cursor: str | None) -> UUID | None:
    """The place in a list ordered by id. Raises InvalidRequest for what is no cursor of such a list."""
    try:
        return UUID(_parts(cursor, 1)[0]) if cursor is not None else None
    except (ValueError, TypeError) as error:
        raise no_cursor() from error


def after_number(cursor: str | None) -> int | None:
    """The place in a list ordered by a number of the database. Raises InvalidRequest."""
    try:
        number = int(_parts(cursor, 1)[0]) if cursor is not None else None
    except (ValueError, TypeError) as error:
        raise no_cursor() from error
    if number is not None and not 0 <= number < 2**63:
        raise no_cursor()
    return number


def after_time(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The place in a list ordered by (instant, id). Raises InvalidRequest."""
    try:
        if cursor is None:
            return None
        moment, identifier = _parts(cursor, 2)
        return within_reason(datetime.fromisoformat(moment)), UUID(identifier)
    except (ValueError, TypeError) as error:
        raise no_cursor() from error


def after_name(cursor: str | None) -> tuple[str, UUID] | None:
    """The place in a list ordered by (name, id). Raises InvalidRequest."""
    try:
        if cursor is None:
            return None
        name, identifier = _parts(cursor, 2)
        return name, UUID(identifier)
    except (ValueError, TypeError) as error:
        raise no_cursor() from error


def after_day(cursor: str | None) -> date | None:
    """The place in a list of days, each of which is there once. Raises InvalidRequest."""
    try:
        if cursor is None:
            return None
        moment = datetime.fromisoformat(_parts(cursor, 1)[0]).replace(tzinfo=UTC)
        return within_reason(moment).date()
    except (ValueError, TypeError) as error:
        raise no_cursor() from error


def no_cursor() -> InvalidRequest:
    """The error that names the field."""
    return InvalidRequest(errors=[{"field": "cursor", "message": "is no cursor of this list"}])


def _parts(cursor: str, count: int) -> list[str]:
    parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if not isinstance(parts, list) or len(parts) != count:
        raise ValueError("another list's cursor")
    for part in parts:
        if not isinstance(part, str) or "\x00" in part:
            raise ValueError("not a place")
        part.encode()
    return parts
