"""What every service's HTTP app shares: every error is a problem details document, and is documented.

A service builds its app with `create_app(…, table={SlotTaken: 409, …})`: that table is the only place where an
error meets a status. What is not in it is a bug and answers 500 without detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from niyat.kernel import errors
from niyat.kernel.correlated import Correlated
from niyat.kernel.db import Database
from niyat.kernel.log import get_logger
from niyat.kernel.problem import INTERNAL_ERROR, PROBLEM_TYPE, RESERVED, FieldProblem, Problem, problem

log = get_logger(__name__)

ErrorTable: TypeAlias = Mapping[type[errors.NiyatError], int]

COMMON_ERRORS: ErrorTable = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.InvalidRequest: 422,
    errors.IdempotencyKeyReused: 422,
    errors.TooManyRequests: 429,
    errors.ServiceUnavailable: 503,
}


PROBLEM_CONTENT = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problems(table: ErrorTable, *named: type[errors.NiyatError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer with these errors, for its OpenAPI description."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in named:
        status = {**COMMON_ERRORS, **table}[error]
        line = f"`{error().code}`: {error().detail}"
        entry = by_status.setdefault(status, {"content": PROBLEM_CONTENT})
        entry["description"] = "\n\n".join(filter(None, [entry.get("description"), line]))
    return by_status


class ProblemApp(FastAPI):
    """FastAPI documents models as `application/json`; problems have a media type, and so a schema, of their own."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            schemas = super().openapi().setdefault("components", {}).setdefault("schemas", {})
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= schema.pop("$defs", {}) | {"Problem": schema}
        return super().openapi()


def create_app(title: str, description: str, *, table: ErrorTable) -> FastAPI:
    """A FastAPI app whose every error is a problem details document."""
    problem_response = {"description": "Problem details (RFC 9457); see `code`", "content": PROBLEM_CONTENT}
    app = ProblemApp(
        title=title,
        description=description,
        version="1",
        docs_url=None,
        redoc_url=None,
        responses={"4XX": problem_response, "5XX": problem_response},
        generate_unique_id_function=_operation_id,
    )
    statuses = {**COMMON_ERRORS, **table}

    async def on_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.NiyatError)  # noqa: S101 - registered for this type alone
        status = next((statuses[kind] for kind in type(error).__mro__ if kind in statuses), 500)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("an error has no status", problem=error.code)
            return problem(status, *INTERNAL_ERROR)
        facts = {name: value for name, value in error.extra.items() if name not in RESERVED}
        return problem(status, error.code, error.detail, **facts)

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        fields = [FieldProblem(field=_field(e), message=e["msg"]) for e in error.errors()]
        return problem(422, "invalid-request", errors.InvalidRequest().detail, errors=fields)

    async def on_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101
        phrase = HTTPStatus(error.status_code).phrase
        answer = problem(error.status_code, phrase.lower().replace(" ", "-"), f"{phrase}.")
        answer.headers.update(error.headers or {})  # RFC 9110: a 405 names what is allowed.
        return answer

    app.add_exception_handler(errors.NiyatError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_middleware(Correlated)
    return app


def _field(error: Mapping[str, Any]) -> str:
    where = [str(part) for part in error["loc"]]
    # What is not JSON has a position in its text, not a field.
    return ".".join(where[1:]) if where[1:] and error["type"] != "json_invalid" else "".join(where[:1])


def _operation_id(route: APIRoute) -> str:
    """The function's name; the older, unversioned paths of the same function get a suffix."""
    versioned = route.path_format.startswith(("/api/v1/", "/internal/", "/.well-known/", "/oauth/"))
    return route.name if versioned else f"{route.name}_unversioned"


async def _database(request: Request) -> Database:  # a plain function would go through a thread
    db: Database = request.app.state.db
    return db


Db = Annotated[Database, Depends(_database)]
