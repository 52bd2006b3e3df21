"""What other services ask: never public, and only with a service token."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from niyat.identity import errors, queries
from niyat.identity.http.codes import send_code
from niyat.identity.http.here import Here
from niyat.identity.http.shapes import (
    AdministratorsView,
    ChallengeView,
    ContactView,
    FindContactsBody,
    FoundContactsView,
    VisitorCodeBody,
)
from niyat.identity.http.table import TABLE
from niyat.kernel.auth import Principal, service_call
from niyat.kernel.db import Row
from niyat.kernel.errors import Forbidden, InvalidRequest, TooManyRequests, Unauthenticated
from niyat.kernel.http import problems

router = APIRouter(prefix="/internal", tags=["internal"])

Gateway = Annotated[Principal, Depends(service_call("gateway"))]
Notifications = Annotated[Principal, Depends(service_call("notifications"))]


@router.get(
    "/accounts/{account_id}",
    summary="Whom to reach",
    responses=problems(TABLE, Unauthenticated, Forbidden, errors.AccountNotFound, InvalidRequest),
)
async def contact(account_id: UUID, parts: Here, _: Notifications) -> ContactView:
    """Name, addresses, language and time zone of an account, for notifications."""
    return _contact(await queries.account(parts.db, account_id))


@router.post(
    "/accounts/find",
    summary="Whom to reach, of many",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def contacts(body: FindContactsBody, parts: Here, _: Notifications) -> FoundContactsView:
    """Changes nothing. Asked where many reminders are due; whoever is not there is left out."""
    return FoundContactsView(
        items=[_contact(row) for row in await queries.accounts(parts.db, body.account_ids)]
    )


@router.get(
    "/administrators",
    summary="Who must act when staff must",
    responses=problems(TABLE, Unauthenticated, Forbidden),
)
async def administrators(parts: Here, _: Notifications) -> AdministratorsView:
    """Asked before staff are alerted; each account's addresses are asked for when its message leaves."""
    return AdministratorsView(account_ids=await queries.administrators(parts.db))


def _contact(row: Row) -> ContactView:
    return ContactView(
        account_id=row["id"],
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        language=row["language"],
        time_zone=row["time_zone"],
    )


@router.post(
    "/sign-in-codes",
    status_code=202,
    summary="Send a code to a visitor of the pages",
    responses=problems(
        TABLE, Unauthenticated, Forbidden, TooManyRequests, InvalidRequest, errors.CodeNotSent
    ),
)
async def send_visitor_code(body: VisitorCodeBody, parts: Here, _: Gateway) -> ChallengeView:
    """Like `POST /api/v1/auth/codes`, which counts by the connection: here every visitor would be the gateway."""
    return await send_code(body, parts, body.requester)
