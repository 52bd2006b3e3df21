"""The only table from error to status."""

from __future__ import annotations

from niyat.kernel.http import ErrorTable
from niyat.notifications import errors

TABLE: ErrorTable = {
    errors.NotificationNotFound: 404,
    errors.PreferencesNotFound: 404,
    errors.UnsubscribeLinkNotFound: 404,
    errors.TemplateNotFound: 404,
    errors.TemplateChanged: 409,
    errors.UndeclaredVariable: 422,
    errors.WordingRefused: 422,
    errors.NotificationNotFailed: 409,
    errors.ChannelDisabled: 409,
    errors.SuppressionNotFound: 404,
    errors.ReportNotGenuine: 403,
    errors.ReportMalformed: 400,
}
