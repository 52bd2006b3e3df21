"""Errors are named nouns; the docstring of each is the sentence that a person reads.

They know nothing of HTTP: each service's `http/table.py` has the one table from error to status.
"""

from __future__ import annotations

import inspect
import re


class NiyatError(Exception):
    """Something went wrong."""

    def __init__(self, detail: str | None = None, **extra: object) -> None:
        self.detail = detail or inspect.getdoc(type(self)) or ""
        self.extra = extra
        super().__init__(self.detail)

    @property
    def code(self) -> str:
        """The stable code of the problem: the class's name in kebab-case (`SlotTaken` → `slot-taken`)."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()


class Unauthenticated(NiyatError):
    """Sign in first: the access token is missing, wrong or no longer valid."""


class Forbidden(NiyatError):
    """This account may not do that."""


class InvalidRequest(NiyatError):
    """A field of the request has a value that is not allowed."""


class IdempotencyKeyReused(NiyatError):
    """This Idempotency-Key was already used with another request; send a new key for a new request."""


class ServiceUnavailable(NiyatError):
    """A part of the system that this needs does not answer; try again in a moment."""


class TooManyRequests(NiyatError):
    """Too many tries; wait a moment and try again."""
