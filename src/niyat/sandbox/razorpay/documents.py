"""Documents: what a merchant uploads as evidence. Kept by name and size; nobody reads them here.

https://razorpay.com/docs/api/documents
"""

from __future__ import annotations

from typing import Literal, TypedDict

from niyat.sandbox.razorpay import store
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import new_id
from niyat.sandbox.razorpay.errors import Refusal


class Document(TypedDict):
    id: str
    entity: Literal["document"]
    purpose: str
    name: str
    mime_type: str
    size: int
    created_at: int


def create(desk: Desk, purpose: object, name: str, mime_type: str, size: int) -> Document:
    if purpose != "dispute_evidence":
        raise Refusal("The selected purpose is invalid.", field="purpose")
    if not size:
        raise Refusal("The file field is required.", field="file")
    document = Document(
        id=new_id("doc"),
        entity="document",
        purpose="dispute_evidence",
        name=name,
        mime_type=mime_type,
        size=size,
        created_at=desk.at,
    )
    store.add(desk, "document", document)
    return document


def require(desk: Desk, document_ids: list[str]) -> None:
    """Raises Refusal unless all of them are the account's."""
    for document_id in document_ids:
        store.fetch(
            desk,
            "document",
            document_id,
            "Invalid file id provided or merchant is unauthorized to access the fileId(s) provided",
        )
