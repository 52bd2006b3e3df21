"""Downtimes: a bank, card network or UPI app has trouble: started → updated … → resolved.

https://razorpay.com/docs/api/payments/downtime. Here each account has downtimes of its own. The event shows one
field more than the API: `instrument_schema`, the names in `instrument`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from niyat.sandbox.razorpay import store, webhooks
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Page, new_id
from niyat.sandbox.razorpay.errors import Refusal

Troubled = Literal["card", "netbanking", "upi", "wallet"]
Severity = Literal["low", "medium", "high"]


class Downtime(TypedDict):
    id: str
    entity: Literal["payment.downtime"]
    method: Troubled
    begin: int
    end: int | None
    status: Literal["started", "updated", "resolved"]
    scheduled: bool
    severity: Severity
    instrument: dict[str, str]
    created_at: int
    updated_at: int


_INSTRUMENTS: dict[Troubled, dict[str, str]] = {
    "card": {"network": "VISA"},
    "netbanking": {"bank": "HDFC"},
    "upi": {"vpa_handle": "ALL"},
    "wallet": {"wallet": "ALL"},
}


def start(desk: Desk, method: Troubled, severity: Severity, instrument: dict[str, str] | None) -> Downtime:
    """`instrument` such as {"bank": "SBIN"}; a usual one of the method when left out."""
    downtime = Downtime(
        id=new_id("down"),
        entity="payment.downtime",
        method=method,
        begin=desk.at,
        end=None,
        status="started",
        scheduled=False,
        severity=severity,
        instrument=instrument or _INSTRUMENTS[method],
        created_at=desk.at,
        updated_at=desk.at,
    )
    store.add(desk, "downtime", downtime)
    _tell(desk, downtime)
    return downtime


def update(desk: Desk, downtime: Downtime, severity: Severity) -> None:
    _require_under_way(downtime)
    downtime["status"], downtime["severity"] = "updated", severity
    _tell(desk, downtime)


def resolve(desk: Desk, downtime: Downtime) -> None:
    _require_under_way(downtime)
    downtime["status"], downtime["end"] = "resolved", desk.at
    _tell(desk, downtime)


def fetch(desk: Desk, downtime_id: str) -> Downtime:
    found: Downtime = store.fetch(desk, "downtime", downtime_id)
    return found


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    return store.listed(desk, "downtime", query)


def _require_under_way(downtime: Downtime) -> None:
    if downtime["status"] == "resolved":
        raise Refusal("The downtime is resolved already", validation=False)


def _tell(desk: Desk, downtime: Downtime) -> None:
    downtime["updated_at"] = desk.at
    store.save(desk, downtime)
    shown = {**downtime, "instrument_schema": list(downtime["instrument"])}
    webhooks.publish(
        desk, f"payment.downtime.{downtime['status']}", downtime["id"], {"payment.downtime": shown}
    )
