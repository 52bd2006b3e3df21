"""RFC 9457 problem details: what every answer to an error looks like."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from niyat.kernel import correlation

PROBLEM_TYPE = "application/problem+json"
INTERNAL_ERROR = ("internal-error", "Something went wrong here; it was logged under this id.")
# An error's own facts stand beside these and never in their place.
RESERVED = frozenset({"type", "title", "status", "code", "detail", "correlation_id"})


class FieldProblem(BaseModel):
    """One field that is wrong, and what is allowed there."""

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is stable; `detail` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    correlation_id: str
    errors: list[FieldProblem] = []


def problem(status: int, code: str, detail: str, **extra: Any) -> JSONResponse:
    """A problem details answer. `retry_after_seconds` among `extra` is a header too."""
    headers = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    if "retry_after_seconds" in extra:
        headers["retry-after"] = str(extra["retry_after_seconds"])
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        correlation_id=correlation.correlation_id.get(""),
        **extra,
    )
    content = body.model_dump(mode="json", exclude_defaults=True) | {"type": body.type}
    return JSONResponse(content, status, headers, PROBLEM_TYPE)
