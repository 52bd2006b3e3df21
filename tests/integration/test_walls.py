"""The walls between modules hold: each forbidden import, planted in a copy, is found by the check that CI runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

FORBIDDEN = [
    ("payments/parts.py", "import niyat.appointments.domain", "Services are independent"),
    ("identity/domain.py", "import niyat.notifications.domain", "Services are independent"),
    ("kernel/money.py", "import niyat.events.catalogue", "kernel imports nothing of ours"),
    ("kernel/money.py", "import niyat.payments.domain", "kernel imports nothing of ours"),
    ("events/outbox.py", "import niyat.appointments.domain", "Events import only the kernel"),
    ("appointments/domain.py", "import asyncpg", "no framework and no IO"),
    ("payments/domain.py", "import fastapi", "no framework and no IO"),
    ("gateway/composites.py", "import niyat.payments.domain", "gateway imports no service"),
    ("cli.py", "import niyat.payments.service", "Only the composition root"),
    ("payments/parts.py", "import niyat.sandbox.books", "imports the sandbox"),
    ("sandbox/clock.py", "import niyat.kernel.clock", "The sandbox stands alone"),
]


def lint(copy: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo"],
        cwd=copy,
        env={"PYTHONPATH": str(copy / "src"), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_walls_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "planted", "wall"), FORBIDDEN)
def test_a_forbidden_import_is_found(copy: Path, file: str, planted: str, wall: str) -> None:
    target = copy / "src" / "niyat" / file
    target.write_text(target.read_text(encoding="utf-8") + f"\n{planted}\n", encoding="utf-8")
    done = lint(copy)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert any(wall in line for line in broken), done.stdout
