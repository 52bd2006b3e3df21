"""What was paid: for the person who paid, and for administrators."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from niyat.kernel.auth import Principal, Who
from niyat.kernel.errors import InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor
from niyat.payments import errors
from niyat.payments.http.shapes import PaymentInFullView, PaymentListView, PaymentView
from niyat.payments.http.table import TABLE
from niyat.payments.queries import payment_in_full, payments_of_account, payments_of_appointment

router = APIRouter(tags=["payments"])


@router.get(
    "/user/{account_id}",
    response_model=Page[PaymentView],
    summary="A person's payments, the newest first",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, errors.PaymentNotFound),
)
async def payments_of_user(
    account_id: UUID,
    who: Who,
    db: Db,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[PaymentView]:
    """One's own; an administrator may see anybody's."""
    if account_id != who.account_id and not who.has("admin"):
        raise errors.PaymentNotFound
    found = await payments_of_account(db, account_id, after_id(cursor), limit)
    return Page[PaymentView](
        items=[PaymentView.model_validate(payment) for payment in found[:limit]],
        next_cursor=next_cursor(found, limit, "payment_id"),
    )


@router.get(
    "/appointment/{appointment_id}",
    response_model=PaymentListView,
    summary="The payments of an appointment, the newest first",
    responses=problems(TABLE, Unauthenticated, InvalidRequest),
)
async def payments_of_one_appointment(appointment_id: UUID, who: Who, db: Db) -> PaymentListView:
    """Empty when nobody began to pay, or it is somebody else's."""
    found = await payments_of_appointment(db, appointment_id)
    return PaymentListView.model_validate({"items": [payment for payment in found if _may_see(who, payment)]})


@router.get(
    "/{payment_id}",
    response_model=PaymentInFullView,
    summary="A payment with its attempts, refunds and history",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, errors.PaymentNotFound),
)
async def get_payment(payment_id: UUID, who: Who, db: Db) -> PaymentInFullView:
    """One's own; an administrator may see anybody's."""
    found = await payment_in_full(db, payment_id)
    if found is None or not _may_see(who, found):
        raise errors.PaymentNotFound
    return PaymentInFullView.model_validate(found)


def _may_see(who: Principal, payment: dict[str, object]) -> bool:
    return who.has("admin") or who.account_id == payment["account_id"]
