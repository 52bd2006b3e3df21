"""The running system killed at its worst moments, and rushed through two processes at once; then audited."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from niyat.demo.session import sign_in
from niyat.embedded.running import Running
from niyat.operate import database_urls
from tests.integration.test_up import NIYAT, Up, up
from tests.support.postgres import temporary_home

PATIENCE_SECONDS = 60
RUSH = 300


@pytest.fixture(scope="module")
def clinic() -> Iterator[Path]:
    """A home with the demo clinic, made once and at rest."""
    home = temporary_home()
    with up(home):
        pass
    yield home
    shutil.rmtree(home, ignore_errors=True)


def audit_becomes_clean(running: Up) -> str:
    """Wait until the audit, with nothing left out as too young, finds nothing; what it says in the end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        done = running.run("audit", "--age", "0")
        if done.returncode == 0 or time.monotonic() > deadline:
            return done.stdout
        time.sleep(0.5)


@pytest.mark.parametrize(
    "point",
    [
        "outbox:committed",
        pytest.param("relay:after-handover", marks=pytest.mark.long),
        pytest.param("inbox:after-effect", marks=pytest.mark.long),
        "payments:capture-called",
        pytest.param("payments:capture-intended", marks=pytest.mark.long),
        "notifications:sent",
    ],
)
@pytest.mark.failure_row(31, 33)
def test_killed_in_the_middle_of_a_booking_the_next_start_finishes_it(
    clinic: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as armed:
        armed.setenv("NIYAT_CRASH_AT", point)
        with up(clinic, "--no-seed") as fragile:
            demo = fragile.run("demo")
            assert demo.returncode != 0
            assert fragile.process.wait(timeout=PATIENCE_SECONDS) == -signal.SIGKILL
    with up(clinic, "--no-seed") as again:
        assert "The promise holds" in (said := audit_becomes_clean(again)), said


@pytest.mark.parametrize("grids", [1, 2], ids=["one slot", "overlapping slots of two grids"])
@pytest.mark.failure_row(40)
def test_three_hundred_want_one_time_through_two_processes_and_one_gets_it(clinic: Path, grids: int) -> None:
    with up(clinic, "--no-seed") as first:
        second = subprocess.Popen(
            [*NIYAT, "serve"],
            env=first.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert second.stdout is not None
            found = re.search(r"Serving on (\S+)", second.stdout.readline())
            assert found
            statuses = asyncio.run(rush([first.address, found[1]], clinic, grids))
        finally:
            second.terminate()
            second.wait(timeout=PATIENCE_SECONDS)
            if second.stdout is not None:
                second.stdout.close()
        assert sorted(set(statuses)) == [201, 409]
        assert statuses.count(201) == 1
        assert "The promise holds" in (said := audit_becomes_clean(first)), said
    assert "deadlock detected" not in (clinic / "postgres.log").read_text(errors="replace")


# The doctor's other grid: a longer visit that begins within the slot.
OVERLAPPING = """
INSERT INTO available_slots (doctor_id, doctor_key, starts_at, ends_at, consultation_types)
SELECT doctor_id, doctor_key, starts_at + interval '5 minutes', ends_at + interval '25 minutes', consultation_types
FROM available_slots WHERE id = $1 RETURNING id
"""


async def rush(addresses: list[str], home: Path, grids: int) -> list[int]:
    """Every request at once, each with a key of its own, half to either process; the statuses."""
    here = Running.load(home)
    phone = f"+9197{uuid4().int % 10**8:08d}"
    me = await sign_in(addresses[0], str(here.sandbox_url), name="Rush", phone=phone)
    async with contextlib.aclosing(me.http):
        doctors = (await me.call("GET", "/api/v1/doctors?limit=100"))["items"]
        doctor = next(d for d in doctors if d["fee_amount"] and d["first_free_at"])
        path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/slots"
        slot = (await me.call("GET", path, params={"from": doctor["first_free_at"][:10]}))["items"][0]
        wanted = [slot["slot_id"]]
        if grids == 2:
            url = database_urls(here, home)["appointments"].app
            connection = await asyncpg.connect(url)
            wanted.append(str(await connection.fetchval(OVERLAPPING, UUID(slot["slot_id"]))))
            await connection.close()
        limits = httpx.Limits(max_connections=64)
        headers = {"authorization": me.http.headers["authorization"]}
        async with httpx.AsyncClient(headers=headers, timeout=60, limits=limits, trust_env=False) as http:

            async def reserve(number: int) -> int:
                address = addresses[number % len(addresses)]
                answer = await http.post(
                    f"{address}/api/v1/appointments/reserve",
                    json={
                        "slot_id": wanted[number // len(addresses) % grids],
                        "consultation_type": slot["consultation_types"][0],
                    },
                    headers={"idempotency-key": str(uuid4())},
                )
                if answer.status_code == 409:
                    assert answer.json()["code"] == "slot-taken"
                return answer.status_code

            return list(await asyncio.gather(*(reserve(number) for number in range(RUSH))))
