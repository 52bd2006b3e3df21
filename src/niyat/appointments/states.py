"""Writes `docs/states.md` from `TRANSITIONS`: `python -m niyat.appointments.states [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from niyat.appointments.domain import LIVE, TRANSITIONS, AppointmentStatus, slot_status

PAGE = Path(__file__).parents[3] / "docs" / "states.md"

HEAD = """\
# States of an appointment

Generated from `TRANSITIONS` in `src/niyat/appointments/domain.py` by `python -m niyat.appointments.states`;
do not edit. The database refuses every other move (`appointment_may_move`), and a test tries every pair.

"""


def page() -> str:
    """The page as it should be."""
    return HEAD + _diagram() + "\n" + _states() + "\n" + _moves()


def _diagram() -> str:
    names = [f'    state "{status}" as {_id(status)}' for status in AppointmentStatus]
    moves = [f"    {_id(before)} --> {_id(after)}: {why}" for (before, after), why in TRANSITIONS.items()]
    ends = [f"    {_id(status)} --> [*]" for status in AppointmentStatus if _is_final(status)]
    begin = f"    [*] --> {_id(AppointmentStatus.RESERVED)}: slot held"
    return "\n".join(["```mermaid", "stateDiagram-v2", *names, begin, *moves, *ends, "```", ""])


def _states() -> str:
    rows = [
        f"| `{status}` | {_yes(status in LIVE)} | {_slot(status)} | {_yes(_is_final(status))} |"
        for status in AppointmentStatus
    ]
    return "\n".join(["| state | keeps others out | its slot | final |", "|---|---|---|---|", *rows, ""])


def _moves() -> str:
    rows = [f"| `{before}` | `{after}` | {why} |" for (before, after), why in TRANSITIONS.items()]
    return "\n".join(["| from | to | because |", "|---|---|---|", *rows, ""])


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _slot(status: AppointmentStatus) -> str:
    kept = slot_status(status)
    return f"`{kept}`" if kept else "given back"


def _is_final(status: AppointmentStatus) -> bool:
    return all(before is not status for before, _ in TRANSITIONS)


def _id(status: AppointmentStatus) -> str:
    return status.replace("-", "_")


def main(arguments: list[str]) -> int:
    """Write the page, or with --check say whether it is as it should be (exit status 1 if not)."""
    if "--check" not in arguments:
        PAGE.write_text(page())
        return 0
    if PAGE.exists() and PAGE.read_text() == page():
        return 0
    sys.stderr.write("docs/states.md is out of date: run python -m niyat.appointments.states\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
