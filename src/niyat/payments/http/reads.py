"""What was paid: for the person who paid, and for administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from niyat.kernel.auth import Principal, Who
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.payments import errors
from niyat.payments.http.common import ERRORS
from niyat.payments.http.models import PaymentInFull, PaymentList, PaymentPage
from niyat.payments.queries import payment_in_full, payments_of_account, payments_of_appointment

router = APIRouter(tags=["payments"])


@router.get(
    "/user/{user_id}",
    response_model=PaymentPage,
    summary="A person's payments, the newest first",
    responses=problems(ERRORS, Unauthenticated, Forbidden, InvalidRequest),
)
async def payments_of_user(
    user_id: UUID,
    who: Who,
    db: Db,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the previous page")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> PaymentPage:
    """One's own; an administrator may see anybody's."""
    if who.account_id != user_id and not who.has("admin"):
        raise Forbidden
    items, next_cursor = await payments_of_account(db, user_id, cursor, limit)
    return PaymentPage.model_validate({"items": items, "next_cursor": next_cursor})


@router.get(
    "/appointment/{appointment_id}",
    response_model=PaymentList,
    summary="The payments of an appointment, the newest first",
    responses=problems(ERRORS, Unauthenticated, InvalidRequest),
)
async def payments_of_one_appointment(appointment_id: UUID, who: Who, db: Db) -> PaymentList:
    """Empty when nobody began to pay, or it is somebody else's."""
    found = await payments_of_appointment(db, appointment_id)
    return PaymentList.model_validate({"items": [payment for payment in found if _may_see(who, payment)]})


@router.get(
    "/{payment_id}",
    response_model=PaymentInFull,
    summary="A payment with its attempts, refunds and history",
    responses=problems(ERRORS, Unauthenticated, InvalidRequest, errors.PaymentNotFound),
)
async def one_payment(payment_id: UUID, who: Who, db: Db) -> PaymentInFull:
    """One's own; an administrator may see anybody's."""
    found = await payment_in_full(db, payment_id)
    if found is None or not _may_see(who, found):
        raise errors.PaymentNotFound
    return PaymentInFull.model_validate(found)


def _may_see(who: Principal, payment: dict[str, object]) -> bool:
    return who.has("admin") or who.account_id == payment["account_id"]
