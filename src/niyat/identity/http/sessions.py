"""Sessions: start one with a code, refresh it, list and end them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from niyat.identity import errors, queries
from niyat.identity.commands.check_code import NotProven
from niyat.identity.commands.end_session import end_session, revoke_session
from niyat.identity.commands.refresh import refresh
from niyat.identity.commands.start_session import start_session
from niyat.identity.domain import user_agent_summary
from niyat.identity.http.here import Here, Me
from niyat.identity.http.shapes import (
    RefreshBody,
    SessionView,
    SignedInView,
    SignInBody,
    TokensView,
    account_view,
)
from niyat.identity.http.table import TABLE
from niyat.kernel.auth import Who
from niyat.kernel.errors import InvalidRequest, TooManyRequests, Unauthenticated
from niyat.kernel.http import problems
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor

router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"])


@router.post(
    "/sessions",
    status_code=201,
    summary="Sign in with a code",
    responses=problems(
        TABLE, errors.CodeWrong, errors.AccountDisabled, TooManyRequests, InvalidRequest, errors.NoSigningKey
    ),
)
async def sign_in(
    body: SignInBody,
    parts: Here,
    response: Response,
    user_agent: Annotated[str, Header(include_in_schema=False)] = "",
) -> SignedInView:
    """Start a session. The first time, this makes a patient's account.

    A wrong code is counted; the problem's `tries_left` says how many tries this challenge has left.
    """
    started = await parts.db.run(
        start_session,
        parts.keyed,
        parts.settings.limits,
        body.challenge_id,
        body.code,
        name=body.name,
        user_agent=user_agent_summary(user_agent),
    )
    if isinstance(started, NotProven):
        raise errors.CodeWrong(tries_left=started.tries_left)
    account = started.account
    token = await parts.tokens.for_session(account["id"], account["roles"], started.session_id)
    _not_stored(response)
    return SignedInView(
        access_token=token.value,
        expires_in=token.expires_in,
        refresh_token=started.refresh_token,
        account=account_view(account),
    )


@router.post(
    "/refresh",
    summary="Get the next access token",
    responses=problems(TABLE, errors.SessionOver, InvalidRequest, errors.NoSigningKey),
)
async def refresh_session(body: RefreshBody, parts: Here, response: Response) -> TokensView:
    """Go on with a session. Keep the new refresh token: the old one leads to it for 30 seconds more.

    Using an old one after that ends the whole session, since somebody must have copied it.
    """
    refreshed = await parts.db.run(refresh, parts.keyed, body.refresh_token)
    if refreshed is None:
        raise errors.SessionOver
    token = await parts.tokens.for_session(refreshed.account_id, refreshed.roles, refreshed.session_id)
    _not_stored(response)
    return TokensView(
        access_token=token.value, expires_in=token.expires_in, refresh_token=refreshed.refresh_token
    )


@router.post(
    "/sign-out",
    status_code=204,
    summary="Sign out",
    responses=problems(TABLE, Unauthenticated, InvalidRequest),
)
async def sign_out(parts: Here, who: Who) -> None:
    """End the session of this access token. Doing it again is fine."""
    session_id = who.session_id
    if session_id is None:
        raise Unauthenticated
    await parts.db.run(end_session, session_id, "signed-out")


@router.get(
    "/sessions", summary="List my sessions", responses=problems(TABLE, Unauthenticated, InvalidRequest)
)
async def my_sessions(
    parts: Here, me: Me, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[SessionView]:
    """Where this account is signed in, the newest first."""
    rows = await queries.live_sessions(parts.db, me.account_id, after=after_id(cursor), limit=limit)
    return Page(
        items=[
            SessionView(
                session_id=row["id"],
                created_at=row["created_at"],
                last_seen_at=row["last_seen_at"],
                user_agent=row["user_agent"],
                current=row["id"] == me.session_id,
            )
            for row in rows[:limit]
        ],
        next_cursor=next_cursor(rows, limit, "id"),
    )


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    summary="End one of my sessions",
    responses=problems(TABLE, Unauthenticated, errors.SessionNotFound, InvalidRequest),
)
async def end_my_session(session_id: UUID, parts: Here, me: Me) -> None:
    """Sign out elsewhere."""
    await parts.db.run(revoke_session, session_id, me.account_id)


def _not_stored(response: Response) -> None:
    response.headers["cache-control"] = "no-store"
