"""The only table from errors of this service to statuses, and what its routes share."""

from __future__ import annotations

from fastapi import Request

from niyat.kernel.http import ErrorTable
from niyat.kernel.jobs import Bell
from niyat.notifications import errors
from niyat.notifications.domain import NotificationChannel

ERRORS: ErrorTable = {
    errors.NotificationUnknown: 404,
    errors.NotificationNotFailed: 409,
    errors.ChannelDisabled: 409,
}


def require_enabled(request: Request, channel: NotificationChannel) -> None:
    """Raises ChannelDisabled."""
    if channel not in request.app.state.channels:
        raise errors.ChannelDisabled


def ring(request: Request) -> None:
    """Have the delivery job run now."""
    bell: Bell = request.app.state.bell
    bell.ring()
