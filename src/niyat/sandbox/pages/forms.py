"""Forms that come in: their text fields, and the proof that they come from a page of ours."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from niyat.sandbox.world import TheWorld

Fields = dict[str, str]


async def text_fields(request: Request) -> Fields:
    """The last value of each field; files are ignored."""
    return {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}


AnyForm = Annotated[Fields, Depends(text_fields)]


async def _own_form(request: Request, world: TheWorld, form: AnyForm) -> Fields:
    token = form.pop("token", "")
    same_site = request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    if not same_site or not hmac.compare_digest(token.encode(), world.form_token.encode()):
        raise HTTPException(403, "this form is not from a page of this sandbox, or it is too old: reload it")
    return form


OwnForm = Annotated[Fields, Depends(_own_form)]
