"""Reads an answer about many, one by one: what is wrong with one of them concerns nobody else."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from pydantic import ValidationError

from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.log import get_logger
from niyat.notifications.ports import Found, Known

log = get_logger(__name__)


async def find_many(
    client: ServiceClient, path: str, name: str, ids: Collection[UUID], shape: type[Known]
) -> Found[Known]:
    """Those of `ids` that are there. Raises ServiceUnavailable.

    A refusal (our token, a limit) says nothing about any of them, so it counts as no answer.
    """
    try:
        answer = await client.call("POST", path, json={f"{name}s": [str(each) for each in ids]})
        said = {UUID(item[name]): item for item in answer["items"]}
    except Refused as refused:
        raise ServiceUnavailable(f"{client.service} refuses to answer.") from refused
    except (KeyError, TypeError, ValueError) as unreadable:
        raise ServiceUnavailable(f"{client.service} gave an answer of another shape.") from unreadable
    known: dict[UUID, Known] = {}
    for each in ids:
        if each in said:
            try:
                known[each] = shape.model_validate(said[each])
            except ValidationError as wrong:
                fields = [".".join(map(str, error["loc"])) for error in wrong.errors(include_input=False)]
                log.warning(
                    "an answer about one cannot be read", service=client.service, id=str(each), fields=fields
                )
    return Found(known, frozenset(said) - frozenset(known))
