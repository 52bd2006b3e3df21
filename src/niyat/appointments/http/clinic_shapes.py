"""What the API takes and answers of clinics and their places."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from niyat.kernel.fields import Body, Name, Reason, Text


class ClinicBody(Body):
    """A clinic."""

    name: Name
    address: Text = ""
    reason: Reason


class PlaceBody(Body):
    """Where the clinic's doctors see patients besides their usual place."""

    name: Name
    address: Text = ""
    reason: Reason


class ClinicView(BaseModel):
    """A clinic."""

    clinic_id: UUID
    name: str
    address: str


class PlaceView(BaseModel):
    """Where the clinic's doctors see patients besides their usual place."""

    place_id: UUID
    clinic_id: UUID
    name: str
    address: str
