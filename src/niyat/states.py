"""Writes `docs/states.md` from every service's table of transitions: `python -m niyat.states [--check]`.

A service's `domain.py` has one table for each thing with a status, `{(from, to): why}`; its database refuses every
other move, and a test tries every pair.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from niyat.appointments import domain as appointments
from niyat.appointments import waitlist
from niyat.notifications import domain as notifications
from niyat.payments import disputes, payouts, reconciliation
from niyat.payments import domain as payments

PAGE = Path(__file__).parents[2] / "docs" / "states.md"

HEAD = """\
# States

Generated from the tables of transitions in each service's `domain.py` by `python -m niyat.states`; do not edit.
The databases refuse every other move, and tests try every pair.
"""

Column = tuple[str, Callable[[StrEnum], str]]


@dataclass(frozen=True)
class Machine:
    """One thing with a status: its table, where it begins, who refuses the rest, and what else is to be said."""

    title: str
    source: str
    table: Mapping[tuple[StrEnum, StrEnum], str]
    begins: StrEnum
    because: str
    refused_by: str
    columns: Sequence[Column] = field(default=())


def _live(status: StrEnum) -> str:
    return _yes(status in appointments.LIVE)


def _slot(status: StrEnum) -> str:
    kept = appointments.slot_status(appointments.AppointmentStatus(status))
    return f"`{kept}`" if kept else "given back"


def _machine(
    title: str, source: str, table: object, begins: StrEnum, because: str, by: str, *columns: Column
) -> Machine:
    return Machine(title, source, table, begins, because, by, columns)  # type: ignore[arg-type]  # keys are invariant


MACHINES = (
    _machine(
        "An appointment",
        "TRANSITIONS of appointments",
        appointments.TRANSITIONS,
        appointments.AppointmentStatus.RESERVED,
        "slot held",
        "appointment_may_move",
        ("keeps others out", _live),
        ("its slot", _slot),
    ),
    _machine(
        "An entry of a waitlist",
        "TRANSITIONS of appointments' waitlist.py",
        waitlist.TRANSITIONS,
        waitlist.WaitlistStatus.WAITING,
        "joined",
        "waitlist_may_move",
    ),
    _machine(
        "A payment",
        "TRANSITIONS of payments",
        payments.TRANSITIONS,
        payments.PaymentStatus.PENDING,
        "payment begun",
        "payment_may_move",
    ),
    _machine(
        "What we do with an attempt to pay",
        "STEPS of payments",
        payments.STEPS,
        payments.Step.IDLE,
        "seen at the gateway",
        "attempt_may_move",
    ),
    _machine(
        "A refund",
        "REFUND_TRANSITIONS of payments",
        payments.REFUND_TRANSITIONS,
        payments.RefundStatus.PENDING,
        "decided",
        "refund_may_move",
    ),
    _machine(
        "A payout to a doctor",
        "TRANSITIONS of payments' payouts.py",
        payouts.TRANSITIONS,
        payouts.PayoutStatus.PENDING,
        "proposed",
        "payout_may_move",
    ),
    _machine(
        "A batch of payouts",
        "BATCH_TRANSITIONS of payments' payouts.py",
        payouts.BATCH_TRANSITIONS,
        payouts.BatchStatus.PROPOSED,
        "proposed",
        "payout_batch_may_move",
    ),
    _machine(
        "A dispute",
        "TRANSITIONS of payments' disputes.py",
        disputes.TRANSITIONS,
        disputes.DisputeStatus.OPEN,
        "a patient's bank objects",
        "dispute_may_move",
        ("its visit's refunds and payout wait", lambda status: _yes(status in disputes.UNDECIDED)),
    ),
    _machine(
        "A difference between the gateway's report and the books",
        "TRANSITIONS of payments' reconciliation.py",
        reconciliation.TRANSITIONS,
        reconciliation.DifferenceStatus.OPEN,
        "found",
        "difference_may_move",
    ),
    _machine(
        "A reading of the gateway's report",
        "RUN_TRANSITIONS of payments' reconciliation.py",
        reconciliation.RUN_TRANSITIONS,
        reconciliation.RunStatus.ASKED,
        "its day is over, or somebody asked",
        "reconciliation_may_move",
    ),
    _machine(
        "A notification",
        "TRANSITIONS of notifications",
        notifications.TRANSITIONS,
        notifications.NotificationStatus.QUEUED,
        "planned",
        "notification_may_move",
    ),
)


def page() -> str:
    """The page as it should be."""
    return HEAD + "".join(_section(machine) for machine in MACHINES)


def _section(machine: Machine) -> str:
    head = f"\n## {machine.title}\n`{machine.source}`; `{machine.refused_by}` in the database.\n\n"
    return head + _diagram(machine) + "\n" + _states(machine) + "\n" + _moves(machine)


def _diagram(machine: Machine) -> str:
    states = list(type(machine.begins))
    names = [f'    state "{status}" as {_id(status)}' for status in states]
    moves = [f"    {_id(before)} --> {_id(after)}: {why}" for (before, after), why in machine.table.items()]
    ends = [f"    {_id(status)} --> [*]" for status in states if _is_final(machine, status)]
    begin = f"    [*] --> {_id(machine.begins)}: {machine.because}"
    return "\n".join(["```mermaid", "stateDiagram-v2", *names, begin, *moves, *ends, "```", ""])


def _states(machine: Machine) -> str:
    columns: Sequence[Column] = (*machine.columns, ("final", lambda status: _yes(_is_final(machine, status))))
    head = ["state", *(name for name, _ in columns)]
    rows = [[f"`{status}`", *(say(status) for _, say in columns)] for status in type(machine.begins)]
    return _table(head, rows)


def _moves(machine: Machine) -> str:
    rows = [[f"`{before}`", f"`{after}`", why] for (before, after), why in machine.table.items()]
    return _table(["from", "to", "because"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return (
        "".join(f"| {' | '.join(line)} |\n" for line in lines)
        .replace("| --- ", "|---")
        .replace("--- |", "---|")
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _is_final(machine: Machine, status: StrEnum) -> bool:
    return all(before is not status for before, _ in machine.table)


def _id(status: StrEnum) -> str:
    return status.replace("-", "_")


def main(arguments: list[str]) -> int:
    """Write the page, or with --check say whether it is as it should be (exit status 1 if not)."""
    if "--check" not in arguments:
        PAGE.write_text(page())
        return 0
    if PAGE.exists() and PAGE.read_text() == page():
        return 0
    sys.stderr.write("docs/states.md is out of date: run python -m niyat.states\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
