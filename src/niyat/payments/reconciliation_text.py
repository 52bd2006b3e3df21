"""The report of a day as lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from niyat.payments.reconciliation import DifferenceStatus, RunStatus


def say_report(run: Mapping[str, Any], report: Mapping[str, Any], say: Callable[[str], None]) -> bool:
    """Say each settlement and each difference; whether it was read and nothing is unexplained. Minor units."""
    if run["status"] != RunStatus.DONE:
        say(f"The report of {report['day']} could not be read: {run['last_error']}")
        return False
    for one in report["settlements"]:
        say(
            f"{one['settlement_id']}: {one['amount']} {one['currency']} to the bank (UTR {one['utr']}),"
            f" {one['matched']} of {one['rows']} rows matched, {one['in_suspense']} in suspense"
        )
    for one in report["differences"]:
        ours = one["refund_id"] or one["dispute_id"] or one["payment_id"] or "nothing of ours"
        theirs = " ".join(filter(None, (one["settlement_id"], one["entity_id"])))
        say(f"{one['status']}: {one['kind']} {one['amount']} {one['currency']}: {theirs} / {ours}")
    unexplained = sum(one["status"] == DifferenceStatus.OPEN for one in report["differences"])
    say(f"{report['day']}: {len(report['settlements'])} settlements, {unexplained} differences to explain.")
    return not unexplained
