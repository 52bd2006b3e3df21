"""The sandbox as a process: where it listens, and when it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "niyat.sandbox", "--home", str(tmp_path), "--die-with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        yield started
        started.kill()


def announced(process: subprocess.Popen[bytes]) -> dict[str, int]:
    assert process.stdout is not None
    address: dict[str, int] = json.loads(process.stdout.readline())
    return address


def test_it_answers_once_it_has_said_where(process: subprocess.Popen[bytes], tmp_path: Path) -> None:
    address = announced(process)
    assert json.loads((tmp_path / "address.json").read_text()) == address
    health = httpx.get(f"http://127.0.0.1:{address['http']}/health", trust_env=False)
    assert health.json() == {"status": "ok"}


def test_it_ends_with_its_parent(process: subprocess.Popen[bytes]) -> None:
    announced(process)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=10) == 0


def test_it_ends_on_sigterm(process: subprocess.Popen[bytes]) -> None:
    announced(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
