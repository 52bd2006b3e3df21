"""Keeps the entities that need no table of their own: disputes, settlements, payouts and their like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from niyat.sandbox.books import Books, Value
from niyat.sandbox.razorpay import fields
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Page, collection
from niyat.sandbox.razorpay.errors import Refusal, unknown_id

Kind = Literal["contact", "dispute", "document", "downtime", "fund_account", "payout", "settlement"]

_EVERY = (
    "SELECT doc FROM entities WHERE key_id = ?1 AND kind = ?2 AND created_at BETWEEN ?3 AND ?4"
    " AND NOT EXISTS (SELECT 1 FROM json_each(?5) wanted"
    "     WHERE wanted.value IS NOT json_extract(doc, '$.' || wanted.key))"
    " ORDER BY seq DESC LIMIT ?6 OFFSET ?7"
)


def add(desk: Desk, kind: Kind, entity: Mapping[str, Any], parent_id: str | None = None) -> None:
    desk.books.run(
        "INSERT INTO entities (id, key_id, kind, parent_id, created_at, doc) VALUES (?, ?, ?, ?, ?, ?)",
        entity["id"],
        desk.key_id,
        kind,
        parent_id,
        entity["created_at"],
        json.dumps(entity),
    )


def save(desk: Desk, entity: Mapping[str, Any]) -> None:
    desk.books.run("UPDATE entities SET doc = ? WHERE id = ?", json.dumps(entity), entity["id"])


def fetch(desk: Desk, kind: Kind, entity_id: str, complaint: str | None = None) -> Any:
    """The account's own entity. Raises Refusal in the vendor's words, or with `complaint`."""
    row = desk.books.row(
        "SELECT doc FROM entities WHERE id = ? AND key_id = ? AND kind = ?", entity_id, desk.key_id, kind
    )
    if row is None:
        raise Refusal(complaint) if complaint else unknown_id(entity_id)
    return json.loads(row["doc"])


def listed(
    desk: Desk, kind: Kind, query: Mapping[str, object], filters: Mapping[str, Value] | None = None
) -> Page:
    """A page of the account's entities whose fields equal `filters`, newest first."""
    count, skip = fields.page_of(query)
    first, last = fields.span_of(query)
    wanted = json.dumps(filters or {})
    rows = desk.books.rows(_EVERY, desk.key_id, kind, first, last, wanted, count, skip)
    return collection([json.loads(row["doc"]) for row in rows])


def all_of(books: Books, key_id: str, kind: Kind) -> list[Any]:
    """Oldest first."""
    rows = books.rows("SELECT doc FROM entities WHERE key_id = ? AND kind = ? ORDER BY seq", key_id, kind)
    return [json.loads(row["doc"]) for row in rows]


def of_parent(books: Books, kind: Kind, parent_id: str) -> list[Any]:
    """Oldest first."""
    rows = books.rows(
        "SELECT doc FROM entities WHERE parent_id = ? AND kind = ? ORDER BY seq", parent_id, kind
    )
    return [json.loads(row["doc"]) for row in rows]
