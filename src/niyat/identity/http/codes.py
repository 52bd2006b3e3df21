"""Asking for a one-time code."""

from __future__ import annotations

from fastapi import APIRouter, Request

from niyat.identity import errors
from niyat.identity.commands.request_code import request_code
from niyat.identity.domain import Address, phone_number, requester
from niyat.identity.http.here import Here, spelt
from niyat.identity.http.shapes import ChallengeView, CodeBody
from niyat.identity.http.table import TABLE
from niyat.identity.parts import Parts
from niyat.kernel.errors import InvalidRequest, TooManyRequests
from niyat.kernel.http import problems

router = APIRouter(tags=["sign-in"])


@router.post(
    "/api/v1/auth/codes",
    status_code=202,
    summary="Ask for a one-time code",
    responses=problems(TABLE, TooManyRequests, InvalidRequest, errors.CodeNotSent),
)
async def ask_for_code(body: CodeBody, parts: Here, request: Request) -> ChallengeView:
    """Send six digits to a phone or email. They are valid once, for ten minutes and five tries.

    The answer is the same whether or not the address has an account: a first sign-in makes one.
    """
    return await send_code(body, parts, request.client.host if request.client else "unknown")


async def send_code(body: CodeBody, parts: Parts, ip: str) -> ChallengeView:
    """`ip`: whose limit it counts towards."""
    if body.email is not None:
        address = Address("EMAIL", body.email)
    else:
        address = Address(
            "SMS", spelt("phone", lambda: phone_number(body.phone or "", parts.settings.default_region))
        )
    challenge = await request_code(
        parts.db, parts.sender, parts.keyed, parts.settings.limits, address, body.language, requester(ip)
    )
    return ChallengeView(
        challenge_id=challenge.id,
        expires_at=challenge.expires_at,
        resend_after_seconds=parts.settings.resend_after_seconds,
    )
