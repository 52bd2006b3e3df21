"""Why a message does not leave, or not now."""

from __future__ import annotations

from datetime import datetime


class NoLongerSo(Exception):
    """It is no longer so."""

    def __init__(self, because: str) -> None:
        self.because = because


class CannotBeSent(Exception):
    """It cannot be sent; trying again would not help."""

    def __init__(self, error_code: str) -> None:
        self.error_code = error_code


class NoAddress(Exception):
    """The account cannot be reached on this channel: it has no address there, or one that takes nothing any more."""

    def __init__(self, because: str) -> None:
        self.because = because


class NotYet(Exception):
    """Something that was claimed before it must arrive first."""


class AtNight(Exception):
    """They want to be left alone until then."""

    def __init__(self, until: datetime) -> None:
        self.until = until
