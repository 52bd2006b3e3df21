"""What somebody wants to be told, and how: theirs alone to see and to change."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from niyat.kernel.auth import Principal, Who
from niyat.kernel.errors import InvalidRequest, Unauthenticated
from niyat.kernel.http import problems
from niyat.notifications.commands.set_preferences import Consent, set_preferences
from niyat.notifications.errors import PreferencesNotFound
from niyat.notifications.http.here import Here
from niyat.notifications.http.preference_shapes import PreferencesBody, PreferencesView, preferences_view
from niyat.notifications.http.table import TABLE
from niyat.notifications.parts import Parts
from niyat.notifications.preference_queries import preferences_of

router = APIRouter(tags=["preferences"])

PATH = "/api/v1/notifications/preferences"


@router.get(
    PATH + "/{account_id}",
    summary="How I want to be told things",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, PreferencesNotFound),
)
async def get_preferences(account_id: UUID, who: Who, parts: Here) -> PreferencesView:
    """Every type that may concern the account, by channel, whether or not it was ever chosen."""
    _own(who, account_id)
    async with parts.db.pool.acquire() as conn:
        preferences = await preferences_of(conn, account_id)
    return preferences_view(account_id, who.roles, preferences, parts.channels)


@router.put(
    PATH + "/{account_id}",
    summary="Change how I want to be told things",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, PreferencesNotFound),
)
async def put_preferences(account_id: UUID, body: PreferencesBody, who: Who, parts: Here) -> PreferencesView:
    """In place of all that was chosen before; sending it again changes nothing.

    Upcoming reminders follow. Each change of a choice is recorded as a consent, or its withdrawal.
    """
    _own(who, account_id)
    return await _set(account_id, body, who, parts)


@router.put(
    PATH,
    summary="Change how I want to be told things, by the token's account",
    responses=problems(TABLE, Unauthenticated, InvalidRequest),
)
async def put_my_preferences(body: PreferencesBody, who: Who, parts: Here) -> PreferencesView:
    """The same without naming the account."""
    return await _set(who.account_id, body, who, parts)


async def _set(account_id: UUID, body: PreferencesBody, who: Principal, parts: Parts) -> PreferencesView:
    consent = Consent(way="preferences", text_version=body.consent_text_version)
    preferences = await parts.db.run(set_preferences, account_id, body.value, consent)
    return preferences_view(account_id, who.roles, preferences, parts.channels)


def _own(who: Principal, account_id: UUID) -> None:
    if who.account_id != account_id:
        raise PreferencesNotFound
