"""Accounts: one's own, and those that an admin makes and sees."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from niyat.identity import errors, queries
from niyat.identity.commands.create_account import NewAccount, create_account
from niyat.identity.commands.update_account import prove_email, update_account
from niyat.identity.domain import phone_number
from niyat.identity.http.here import AdminHere, Here, Me, spelt
from niyat.identity.http.shapes import AccountBody, AccountChangeBody, AccountView, account_view
from niyat.identity.http.table import TABLE
from niyat.kernel.db import Connection
from niyat.kernel.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InvalidRequest,
    TooManyRequests,
    Unauthenticated,
)
from niyat.kernel.http import problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])


@router.get("/me", summary="My account", responses=problems(TABLE, Unauthenticated, InvalidRequest))
async def my_account(parts: Here, me: Me) -> AccountView:
    """The account that is signed in."""
    return account_view(await queries.account(parts.db, me.account_id))


@router.patch(
    "/me",
    summary="Change my account",
    responses=problems(
        TABLE, Unauthenticated, errors.CodeWrong, errors.AddressTaken, TooManyRequests, InvalidRequest
    ),
)
async def change_my_account(body: AccountChangeBody, parts: Here, me: Me) -> AccountView:
    """Change name, language, time zone or email."""
    challenge_id, code, email = body.challenge_id, body.code, body.email
    proven = challenge_id is not None and code is not None and email is not None
    if challenge_id is not None and code is not None and email is not None:
        failed = await parts.db.run(
            prove_email, parts.keyed, parts.settings.limits, challenge_id, code, email
        )
        if failed is not None:
            raise errors.CodeWrong(tries_left=failed.tries_left)
    changes = body.model_dump(exclude={"challenge_id", "code"}, exclude_none=True)
    row = await parts.db.run(update_account, me.account_id, changes, proven=proven)
    return account_view(row)


@router.post(
    "",
    status_code=201,
    summary="Make an account",
    response_model=AccountView,
    responses=problems(
        TABLE, Unauthenticated, Forbidden, errors.AddressTaken, InvalidRequest, IdempotencyKeyReused
    ),
)
async def make_account(body: AccountBody, parts: Here, admin: AdminHere, once: OnceOnly) -> JSONResponse:
    """An admin makes a doctor's, an admin's or a patient's account, with a reason for the audit log."""
    phone = body.phone
    new = NewAccount(
        roles=body.roles,
        name=body.name,
        email=body.email,
        phone=None
        if phone is None
        else spelt("phone", lambda: phone_number(phone, parts.settings.default_region)),
        language=body.language,
        time_zone=body.time_zone,
    )

    async def make(conn: Connection) -> Answer:
        row = await create_account(conn, new, actor_id=admin.account_id, reason=body.reason)
        return Answer(201, account_view(row).model_dump(mode="json"))

    return (await answer_once(parts.db, once, make)).response()


@router.get(
    "/{account_id}",
    summary="An account",
    responses=problems(TABLE, Unauthenticated, errors.AccountNotFound, InvalidRequest),
)
async def see_account(account_id: UUID, parts: Here, me: Me) -> AccountView:
    """One's own; an admin sees every account. Another's is not there."""
    if account_id != me.account_id and not me.has("admin"):
        raise errors.AccountNotFound
    return account_view(await queries.account(parts.db, account_id))
