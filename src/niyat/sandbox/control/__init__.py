"""The control API: how tests and demos make the stand-ins do things. Loopback only, no password.

Every request that changes something must be JSON, which a page of another site cannot send unasked.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request


def _only_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "GET" and media_type != "application/json":
        raise HTTPException(415, "send Content-Type: application/json, also with an empty body")


def guarded_router() -> APIRouter:
    return APIRouter(prefix="/control", dependencies=[Depends(_only_json)])
