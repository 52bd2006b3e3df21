"""One doctor's money, for the doctor and for administrators: what is owed, what was paid, and where to."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from niyat.kernel.auth import Admin, Who
from niyat.kernel.errors import Forbidden, InvalidRequest, ServiceUnavailable, Unauthenticated
from niyat.kernel.http import problems
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, after_name, next_cursor
from niyat.payments import errors, payout_queries
from niyat.payments.commands.set_fund_account import set_fund_account
from niyat.payments.http.here import Here
from niyat.payments.http.payout_access import see
from niyat.payments.http.payout_shapes import (
    DoctorBalanceView,
    FundAccountBody,
    FundAccountView,
    PayoutView,
)
from niyat.payments.http.table import TABLE
from niyat.payments.payout_queries import PayoutFilter

router = APIRouter(tags=["payouts"])

OWN = (Unauthenticated, InvalidRequest, ServiceUnavailable, errors.DoctorNotFound)


@router.get(
    "/balances",
    response_model=Page[DoctorBalanceView],
    summary="What every doctor is owed",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def list_balances(
    _: Admin, parts: Here, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[DoctorBalanceView]:
    """Administrators only. Those without a fund account are never proposed."""
    found = await payout_queries.balances(parts.db, parts.settings, after=after_name(cursor), limit=limit)
    return Page[DoctorBalanceView](
        items=[DoctorBalanceView.model_validate(balance) for balance in found[:limit]],
        next_cursor=next_cursor(found, limit, "currency", "doctor_id"),
    )


@router.get(
    "/doctors/{doctor_id}",
    response_model=Page[PayoutView],
    summary="A doctor's payouts, the newest first",
    responses=problems(TABLE, *OWN),
)
async def payouts_of_doctor(
    doctor_id: UUID, who: Who, parts: Here, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PayoutView]:
    """One's own; an administrator may see anybody's."""
    await see(parts, who, doctor_id)
    which = PayoutFilter(doctor_id=doctor_id)
    found = await payout_queries.payouts(parts.db, which, after_id(cursor), limit)
    return Page[PayoutView](
        items=[PayoutView.model_validate(payout) for payout in found[:limit]],
        next_cursor=next_cursor(found, limit, "payout_id"),
    )


@router.get(
    "/doctors/{doctor_id}/balance",
    response_model=list[DoctorBalanceView],
    summary="What a doctor is owed",
    responses=problems(TABLE, *OWN),
)
async def balance_of_doctor(doctor_id: UUID, who: Who, parts: Here) -> list[DoctorBalanceView]:
    """One's own; an administrator may see anybody's. One for each currency; none before the first visit."""
    await see(parts, who, doctor_id)
    found = await payout_queries.balances(parts.db, parts.settings, doctor_id=doctor_id, limit=DEFAULT_LIMIT)
    return [DoctorBalanceView.model_validate(balance) for balance in found]


@router.get(
    "/doctors/{doctor_id}/fund-account",
    response_model=FundAccountView,
    summary="Where a doctor is paid",
    responses=problems(TABLE, *OWN, errors.FundAccountNotFound),
)
async def get_fund_account(doctor_id: UUID, who: Who, parts: Here) -> FundAccountView:
    """One's own; an administrator may see anybody's."""
    await see(parts, who, doctor_id)
    return FundAccountView.model_validate(await payout_queries.fund_account(parts.db, doctor_id))


@router.put(
    "/doctors/{doctor_id}/fund-account",
    response_model=FundAccountView,
    summary="Say where a doctor is paid",
    responses=problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        ServiceUnavailable,
        errors.DoctorNotFound,
        errors.PayoutsNotSetUp,
        errors.FundAccountRefused,
    ),
)
async def put_fund_account(
    doctor_id: UUID, body: FundAccountBody, who: Admin, parts: Here
) -> FundAccountView:
    """Administrators only. The bank's details stay with the payment provider; here is its id of them alone.

    A payout that waits for approval is left out of its batch then, and proposed anew.
    """
    await set_fund_account(
        parts, doctor_id, body.fund_account_id, reason=body.reason, actor_id=who.account_id
    )
    return FundAccountView.model_validate(await payout_queries.fund_account(parts.db, doctor_id))
