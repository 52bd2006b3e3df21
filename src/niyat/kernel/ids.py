"""Ids are UUIDv7: unguessable enough for a path, and ordered by time, so that indexes stay compact."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562) as a standard `uuid.UUID`."""
    return uuid7()
