"""Faults on request: a call whose answer is lost, that hangs, is refused, or takes effect too late.

A fault is kept in the books per account and operation with the number of times it is left to strike.
The moments before and after the effect are apart, because that is the difference between a retry that is
safe and one that pays twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal, get_args

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from niyat.sandbox import connection
from niyat.sandbox.books import Books

Kind = Literal[
    "lose-request",  # no effect, connection closed
    "lose-answer",  # effect, connection closed
    "timeout-before",  # no effect, silence for `seconds`, connection closed
    "timeout-after",  # effect at once, silence for `seconds`, connection closed
    "late-effect",  # silence for `seconds`, then the effect even if the client has gone, connection closed
    "reset",  # no effect (or with after_effect), TCP reset
    "slow",  # effect, the answer's body dribbles out over `seconds`
    "http-400",
    "http-429",
    "http-500-json",
    "http-502-html",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

ErrorPage = Callable[[int, str | None], Response]
"""The vendor's own JSON error for a status and, if given, a description."""

_HTML_502 = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"
_SLOW_CHUNKS = 20


@dataclass(frozen=True)
class Fault:
    kind: Kind
    seconds: float
    after_effect: bool
    description: str | None


def take(books: Books, account: str, operation: str) -> Fault | None:
    """The oldest fault that waits for this call; it is used up at once, even if we are killed next."""
    with books.transaction():
        row = books.row(
            "UPDATE faults SET times_left = times_left - 1 WHERE id ="
            " (SELECT min(id) FROM faults WHERE key_id = ? AND operation IN (?, '*') AND times_left > 0)"
            " RETURNING kind, seconds, after_effect, description",
            account,
            operation,
        )
    if row is None:
        return None
    return Fault(row["kind"], row["seconds"], bool(row["after_effect"]), row["description"])


async def serve(
    request: Request, fault: Fault | None, effect: Callable[[], Response], error_page: ErrorPage
) -> Response:
    """Carry out `effect`, or not, and answer, or not, as the fault says."""
    if fault is None:
        return effect()
    match fault.kind:
        case "lose-request":
            await connection.drop(request)
            return Response()
        case "lose-answer":
            answer = effect()
            await connection.drop(request)
            return answer
        case "timeout-before":
            await _silence(request, fault.seconds)
            await connection.drop(request)
            return Response()
        case "timeout-after":
            answer = effect()
            await _silence(request, fault.seconds)
            await connection.drop(request)
            return answer
        case "late-effect":
            await asyncio.sleep(fault.seconds)
            answer = effect()
            await connection.drop(request)
            return answer
        case "slow":
            return _dribble(effect(), fault.seconds)
        case _:
            if fault.after_effect:
                effect()
            return await _refuse(request, fault, error_page)


async def _refuse(request: Request, fault: Fault, error_page: ErrorPage) -> Response:
    match fault.kind:
        case "http-400":
            return error_page(400, fault.description)
        case "http-429":
            return error_page(429, fault.description)
        case "http-502-html":
            return HTMLResponse(_HTML_502, status_code=502)
        case "reset":
            await connection.reset(request)
            return Response()
        case _:
            return error_page(500, fault.description)


async def _silence(request: Request, seconds: float) -> None:
    """Say nothing for that long, or until the client hangs up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass


def _dribble(answer: Response, seconds: float) -> Response:
    body = bytes(answer.body)
    size = max(1, -(-len(body) // _SLOW_CHUNKS))

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            await asyncio.sleep(seconds / _SLOW_CHUNKS)
            yield body[start : start + size]

    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return StreamingResponse(chunks(), status_code=answer.status_code, headers=headers)
