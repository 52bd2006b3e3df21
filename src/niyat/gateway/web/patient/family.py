"""Those of one's family for whom one books."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.site import View

Json = dict[str, Any]

FAMILY = "/api/v1/family-members"


async def family_of(view: View) -> tuple[v.FamilyMember, ...] | None:
    """In the order in which they were added; None for whoever is not signed in as a patient."""
    if view.who is None or not view.who.has("patient"):
        return None
    caller = await view.caller()
    members: list[v.FamilyMember] = []
    params = {"limit": "100"}
    while True:
        found = await caller.call("appointments", "GET", FAMILY, params=params)
        members += [_member(one) for one in found["items"]]
        if not found["next_cursor"]:
            return tuple(members)
        params["cursor"] = found["next_cursor"]


async def add_member(view: View, form: v.DoctorBookingForm) -> str:
    """The new member's id; sent twice, it is added once. Raises Refused."""
    wish = {"name": form.member_name, "relationship": form.member_relationship}
    caller = await view.caller(form.idempotency_key or str(uuid4()))
    added: Json = await caller.call("appointments", "POST", FAMILY, wish, step="family")
    return str(added["family_member_id"])


def _member(found: Json) -> v.FamilyMember:
    return v.FamilyMember(
        id=found["family_member_id"], name=found["name"], relationship=found["relationship"]
    )
