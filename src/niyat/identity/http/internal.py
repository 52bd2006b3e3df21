"""What other services ask: never public, and only with a service token."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from niyat.identity import errors, queries
from niyat.identity.http.common import TABLE, Here
from niyat.identity.http.models import Contact
from niyat.kernel.auth import ServiceCall
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import problems

router = APIRouter(prefix="/internal", tags=["internal"])


@router.get(
    "/accounts/{account_id}",
    summary="Whom to reach",
    responses=problems(TABLE, Unauthenticated, Forbidden, errors.UnknownAccount, InvalidRequest),
)
async def contact(account_id: UUID, identity: Here, _: ServiceCall) -> Contact:
    """Name, addresses, language and time zone of an account, for notifications."""
    row = await queries.account(identity.db, account_id)
    return Contact(
        account_id=row["id"],
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        language=row["language"],
        time_zone=row["time_zone"],
    )
