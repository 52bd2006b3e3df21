"""What can be wrong when somebody is to be told something."""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.errors import NiyatError
from niyat.notifications.domain import SuppressionCause


class NotificationNotFound(NiyatError):
    """There is no such notification that you may see."""


class NotificationNotFailed(NiyatError):
    """Only a failed notification can be sent again, and a sign-in code never: ask for a new code."""


class SuppressionNotFound(NiyatError):
    """There is no such suppressed address, or it was lifted already."""


class ReportNotGenuine(NiyatError):
    """This did not come from our provider; nothing was changed."""


class ReportMalformed(NiyatError):
    """This is no report that we can read; nothing was changed."""


class ChannelDisabled(NiyatError):
    """This channel is switched off here; use another one."""


class DoctorNotFound(NiyatError):
    """Appointments knows no such doctor."""


class TemplateWrong(NiyatError):
    """The live template for this message cannot be rendered; correct it and send the notification again."""


class TextTooLong(TemplateWrong):
    """This text message is longer than providers take; shorten its template and send it again."""


class UndeclaredVariable(NiyatError):
    """The wording uses a variable that messages of this type do not have."""


class WordingRefused(NiyatError):
    """This wording cannot be sent."""


class TemplateNotFound(NiyatError):
    """There is no such version of this template."""


class TemplateChanged(NiyatError):
    """Somebody else has put another version in force since you looked; look at it first."""


class DeliveryRefused(NiyatError):
    """The provider will never deliver this to that address."""

    def __init__(self, error_code: str) -> None:
        super().__init__()
        self.error_code = error_code


class AddressGone(DeliveryRefused):
    """This address takes nothing from us any more; nothing else must be sent to it either."""

    def __init__(self, error_code: str, cause: SuppressionCause) -> None:
        super().__init__(error_code)
        self.cause = cause


class DeliveryPostponed(NiyatError):
    """The provider did not take the message; it may be tried again, at the earliest after `retry_after`."""

    def __init__(self, error_code: str, retry_after: timedelta | None = None) -> None:
        super().__init__()
        self.error_code = error_code
        self.retry_after = retry_after


class DeliveryUnknown(NiyatError):
    """The provider was given the message and never said whether it took it."""

    def __init__(self, error_code: str) -> None:
        super().__init__()
        self.error_code = error_code


class PreferencesNotFound(NiyatError):
    """There are no such preferences of yours."""


class UnsubscribeLinkNotFound(NiyatError):
    """This link is not one of ours, or not whole; copy it from the mail again."""
