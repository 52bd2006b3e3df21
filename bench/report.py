"""What `make bench` prints."""

from __future__ import annotations

import os
import platform
import subprocess
from statistics import median, quantiles

from bench.reserve import CLIENTS, Figures, Side

HOW_TO_READ = """\
ratio: a side's rate by pgbench's in the same round, the median of all rounds; beside it the least and the most.
median, 99th: how long an answer took. server: what the server's process computed for one request.
The aim is a ratio of 0.20 or more for the reservation. With a load above the number of cores the ratio says
little: the server is one process, PostgreSQL is many, and the scheduler shares by process. bench/README.md."""


def machine() -> str:
    """Where and when this was measured."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"revision {_git('rev-parse', '--short=12', 'HEAD')}{' with changes' if _git('status', '--porcelain') else ''},"
        f" Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, load {load}"
    )


def table(figures: Figures) -> str:
    """Every side's rate, its ratio to pgbench round by round (median, least, most), and what a request costs."""
    names = (
        "pgbench, the same statement",
        "reservation over HTTP",
        "  its events delivered meanwhile",
        "nothing, by the same server",
    )
    title = f"{CLIENTS} clients, {len(figures.pgbench.rates)} rounds"
    head = f"{title:<34}{'a second':>9}{'ratio':>8}  {'least-most':<13}{'median':>9}{'99th':>9}{'server':>11}"
    rows = (_row(name, side, figures.pgbench) for name, side in zip(names, figures.sides, strict=True))
    return "\n".join([head, *rows])


def _row(name: str, side: Side, pgbench: Side) -> str:
    ratios = [mine / yardstick for mine, yardstick in zip(side.rates, pgbench.rates, strict=True)]
    spread = f"{min(ratios):.3f}-{max(ratios):.3f}"
    row = f"{name:<34}{median(side.rates):>9,.0f}{median(ratios):>8.3f}  {spread:<13}"
    if not side.latencies:
        return row
    percentiles = quantiles(side.latencies, n=100)
    row += "".join(f"{percentiles[place] * 1000:>6.1f} ms" for place in (49, 98))
    return row + f"{median(side.computing) * 1000:>8.2f} ms"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("" if done.returncode == 0 else "unknown")
