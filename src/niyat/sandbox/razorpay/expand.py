"""`expand[]`: an entity shown inside another. https://razorpay.com/docs/api/orders/fetch-all-expanded-payments"""

from __future__ import annotations

from starlette.datastructures import QueryParams

from niyat.sandbox.razorpay import orders as plain
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Page
from niyat.sandbox.razorpay.errors import Refusal

_KNOWN = ("payments", "payments.card")


def orders(desk: Desk, query: QueryParams) -> Page:
    """A page of orders, each with its payments when they are asked for. A payment here always shows its card."""
    wanted = [value for name, value in query.multi_items() if name.partition("[")[0] == "expand"]
    for number, one in enumerate(wanted):
        if one not in _KNOWN:
            raise Refusal(
                f"Value of each expand must be one of following types: {', '.join(_KNOWN)}",
                field=f"expand.{number}",
            )
    page = plain.list_all(desk, query)
    if wanted:
        for order in page["items"]:
            order["payments"] = plain.payments(desk, order["id"])
    return page
