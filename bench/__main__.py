"""`python -m bench`: measure, print, judge nothing."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench import deliver, report, reserve, schedule
from bench.stack import databases


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="The benchmarks; see bench/README.md."
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each side takes its turn (5)")
    parser.add_argument(
        "--doctors", type=int, help="measure the making and finding of slots instead, with so many doctors"
    )
    parser.add_argument(
        "--reminders", type=int, help="measure the delivery of so many due reminders instead (100000)"
    )
    asked = parser.parse_args()
    rounds: int = asked.rounds
    print("Making a PostgreSQL and a clinic; a minute or two …", flush=True)
    before = report.machine()
    if asked.doctors:
        with databases() as of:
            made = schedule.table(asyncio.run(schedule.measure(of, asked.doctors, rounds)))
        print(f"\nBefore: {before}\nAfter:  {report.machine()}\n\n{made}")
        return
    if asked.reminders:
        with databases() as of:
            made = deliver.table(asyncio.run(deliver.measure(of, asked.reminders, rounds)))
        print(f"\nBefore: {before}\nAfter:  {report.machine()}\n\n{made}")
        return
    with databases() as of, tempfile.TemporaryDirectory(prefix="niyat-bench-") as folder:
        # The same event loop as `niyat up` has.
        figures = asyncio.run(reserve.measure(of, Path(folder), rounds))
    print(
        f"\nBefore: {before}\nAfter:  {report.machine()}\n\n{report.table(figures)}\n\n{report.HOW_TO_READ}"
    )


if __name__ == "__main__":
    main()
