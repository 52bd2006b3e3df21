"""`niyat up` as its operator meets it: a real process, killed and started again."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.postgres import temporary_home

NIYAT = [sys.executable, "-m", "niyat"]


@pytest.fixture
def home() -> Iterator[Path]:
    made = temporary_home()
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Up:
    """A running `niyat up --port 0`; `said` is what it printed until it was ready."""

    def __init__(self, home: Path, *options: str) -> None:
        self.environment = os.environ | {"NIYAT_HOME": str(home)}
        self.process = subprocess.Popen(
            [*NIYAT, "up", "--port", "0", *options],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if found := re.search(r"Niyat is ready: (\S+)", line):
                self.address = found[1]
                return
        raise AssertionError(f"niyat up ended with {self.process.wait()}: {self.said}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the same home."""
        return subprocess.run(
            [*NIYAT, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def up(home: Path, *options: str) -> Iterator[Up]:
    running = Up(home, *options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.end(signal.SIGTERM)
        if running.process.stdout is not None:
            running.process.stdout.close()


def test_up_serves_a_bookable_clinic_whose_demo_and_audit_succeed(home: Path) -> None:
    with up(home) as running:
        doctors = httpx.get(f"{running.address}/api/v1/doctors?limit=100", trust_env=False).json()["items"]
        assert len(doctors) == 12
        assert all(doctor["first_free_at"] for doctor in doctors)
        demo = running.run("demo")
        assert demo.returncode == 0, demo.stdout + demo.stderr
        assert "confirmed" in demo.stdout
        made = running.run("generate-slots")
        assert "Every doctor's slots are made for 30 days ahead" in made.stdout, made.stderr
        audit = running.run("audit", "--age", "60")
        assert audit.returncode == 0, audit.stdout + audit.stderr
        assert running.end(signal.SIGINT) == 0


def test_a_second_up_says_where_the_first_one_is(home: Path) -> None:
    with up(home, "--no-seed") as running:
        second = running.run("up", "--port", "0")
        assert second.returncode == 1
        assert running.address in second.stderr
        assert "Traceback" not in second.stderr


def test_after_a_sigkill_the_next_start_is_clean(home: Path) -> None:
    with up(home, "--no-seed") as running:
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
    with up(home, "--no-seed") as again:
        assert httpx.get(f"{again.address}/api/v1/doctors", trust_env=False).status_code == 200
        assert again.run("audit", "--age", "0").returncode == 0


def test_a_wrong_setting_stops_the_start_with_its_name(home: Path) -> None:
    done = subprocess.run(
        [*NIYAT, "up", "--port", "0"],
        env=os.environ | {"NIYAT_HOME": str(home), "NIYAT_ENVIRONMENT": "holiday"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "NIYAT_ENVIRONMENT" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_api_description_prints_without_anything_running(home: Path) -> None:
    done = subprocess.run(
        [*NIYAT, "openapi", "payments"],
        env=os.environ | {"NIYAT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"/api/v1/payments/verify"' in done.stdout
