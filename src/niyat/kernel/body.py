"""A request's body as it came, for what is signed byte for byte or is no JSON; never more of it than is allowed."""

from __future__ import annotations

from starlette.requests import Request

LONGEST_BODY = 1_000_000


async def raw_body(request: Request) -> bytes | None:
    """The bytes as they came; None as soon as they are too many, before they are all read."""
    said = request.headers.get("content-length", "0")
    if not said.isascii() or not said.isdigit() or int(said[:20]) > LONGEST_BODY:
        return None
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_BODY:
            return None
    return bytes(raw)
