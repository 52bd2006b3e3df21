"""Contacts: whom the merchant pays. https://razorpay.com/docs/api/x/contacts

Asking for one that exists in every detail gives the existing one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypedDict

from niyat.sandbox.razorpay import fields, store
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Notes, Page, new_id
from niyat.sandbox.razorpay.errors import Refusal

FIELDS = frozenset({"name", "email", "contact", "type", "reference_id", "notes"})
EDITABLE = FIELDS | {"active"}
TYPES = ("vendor", "customer", "employee", "self")
_NAME = re.compile(r"[A-Za-z0-9 ’'_/().-]{2,}[A-Za-z0-9.]")
_LIMITS = {"email": 255, "contact": 20, "type": 40, "reference_id": 40}


class Contact(TypedDict):
    id: str
    entity: Literal["contact"]
    name: str
    contact: str | None
    email: str | None
    type: str | None
    reference_id: str | None
    batch_id: None
    active: bool
    notes: Notes
    created_at: int


def create(desk: Desk, body: fields.Body) -> Contact:
    details = _details(body)
    known = store.listed(desk, "contact", {"count": 1}, {"name": name(body), **details})["items"]
    if isinstance(known, list) and known:
        existing: Contact = known[0]
        return existing
    contact = Contact(
        id=new_id("cont"),
        entity="contact",
        name=name(body),
        contact=details["contact"],
        email=details["email"],
        type=details["type"],
        reference_id=details["reference_id"],
        batch_id=None,
        active=True,
        notes=fields.notes(body.get("notes")),
        created_at=desk.at,
    )
    store.add(desk, "contact", contact)
    return contact


def edit(desk: Desk, contact_id: str, body: fields.Body) -> Contact:
    """Change details, or switch the contact off and on; what is left out stays."""
    contact = fetch(desk, contact_id)
    if "name" in body:
        contact["name"] = name(body)
    details = _details({**contact, **body})
    contact["contact"], contact["email"] = details["contact"], details["email"]
    contact["type"], contact["reference_id"] = details["type"], details["reference_id"]
    if "notes" in body:
        contact["notes"] = fields.notes(body["notes"])
    if "active" in body:
        contact["active"] = flag(body, "active")
    store.save(desk, contact)
    return contact


def fetch(desk: Desk, contact_id: str) -> Contact:
    found: Contact = store.fetch(desk, "contact", contact_id)
    return found


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    known = ("name", "email", "contact", "reference_id", "type")
    return store.listed(desk, "contact", query, {key: str(query[key]) for key in known if key in query})


def name(body: Mapping[str, object], most: int = 50) -> str:
    """3 to `most` characters of the vendor's alphabet, not ending in a special one except a full stop."""
    value = fields.text(body, "name", most, required=True)
    if value is None or not _NAME.fullmatch(value):
        raise Refusal("The name field is invalid.", field="name")
    return value


def flag(body: Mapping[str, object], field: str) -> bool:
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise Refusal(f"The {field} field must be true or false.", field=field)
    return value


def _details(body: Mapping[str, object]) -> dict[str, str | None]:
    found = {field: fields.text(body, field, most) for field, most in _LIMITS.items()}
    if found["email"] is not None and "@" not in found["email"]:
        raise Refusal("The email must be a valid email address.", field="email")
    if found["type"] is not None and found["type"] not in TYPES:
        raise Refusal(f"Invalid type: {found['type']}", field="type")
    return found
