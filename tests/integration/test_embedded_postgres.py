"""The PostgreSQL that comes with Niyat: whose process it is, and what a kill leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from niyat.embedded import binaries
from niyat.embedded.home import home_directory
from niyat.embedded.lock import AlreadyRunning, HomeLock
from niyat.embedded.postgres import EmbeddedPostgres, WrongMajorVersion
from tests.support.postgres import temporary_home

OUR_PARENT = """
import sys, time
from pathlib import Path
from niyat.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres.start(Path(sys.argv[1]), durable=False)
print(server.pid, flush=True)
time.sleep(600)
"""
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a live server is adopted")


@pytest.fixture
def home() -> Iterator[Path]:
    folder = temporary_home()
    yield folder
    shutil.rmtree(folder)


def ask(url: str, query: str) -> object:
    with closing(psycopg2.connect(url)) as conn, conn.cursor() as cursor:
        cursor.execute(query)
        answer = cursor.fetchone() if cursor.description else None
        conn.commit()
        return answer[0] if answer else None


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it did not happen in 30 seconds"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether it runs; a process that ended and waits for its new parent to notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def start_in_another_process(home: Path) -> tuple[subprocess.Popen[str], int]:
    parent = subprocess.Popen([sys.executable, "-c", OUR_PARENT, home], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as said:
        return parent, int(said.readline())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_it_keeps_its_data_and_needs_its_password(home: Path) -> None:
    server = EmbeddedPostgres.start(home, durable=False)
    try:
        ask(server.superuser_url(), "CREATE TABLE kept AS SELECT 42 AS n")
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            ask(server.url("postgres", "postgres", "guess"), "SELECT 1")
        assert ask(server.superuser_url(), "SHOW listen_addresses") == ""
        locale = "SELECT concat(datlocprovider, datlocale) FROM pg_database WHERE datname = 'template1'"
        assert ask(server.superuser_url(), locale) == "bC.UTF-8"
        assert stat.S_IMODE((home / "postgres.password").stat().st_mode) == 0o600
        assert server.pgbench.exists()
    finally:
        server.stop()
    again = EmbeddedPostgres.start(home, durable=False)
    try:
        assert ask(again.superuser_url(), "SELECT n FROM kept") == 42
    finally:
        again.stop()


@linux_only
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_root_drops_its_rights(home: Path) -> None:
    server = EmbeddedPostgres.start(home, durable=False)
    try:
        status = Path(f"/proc/{server.pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        owner = (home / "postgres" / "data").stat().st_uid
        assert owner != 0
        assert fields["Uid"].split() == [str(owner)] * 4
        assert "0" not in fields["Gid"].split()
        assert fields["Groups"].strip() in ("", fields["Gid"].split()[0])
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as someone else")
def test_programs_that_the_other_user_cannot_read_are_copied(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.chmod(0o711)
    user = binaries.User.choose(home / "postgres" / "data")
    runs = binaries._runs
    monkeypatch.setattr(
        binaries, "_runs", lambda folder, who: folder.is_relative_to(home) and runs(folder, who)
    )
    copied = binaries.programs(home, user)
    assert copied.is_relative_to(home)
    done = binaries.run_as(user, [copied / "psql", "--version"], cwd="/")
    assert "18." in done.stdout, done.stderr


def test_a_long_home_still_has_a_short_socket_path(home: Path) -> None:
    home.chmod(0o711)
    long_home = home / ("long-" * 30)
    server = EmbeddedPostgres.start(long_home, durable=False)
    try:
        assert ask(server.superuser_url(), "SELECT 1") == 1
    finally:
        server.stop()


def test_a_second_start_says_where_the_first_is(home: Path) -> None:
    first = HomeLock.acquire(home)
    first.write({"address": "http://localhost:8080"})
    with pytest.raises(AlreadyRunning, match="address http://localhost:8080") as refused:
        HomeLock.acquire(home)
    assert refused.value.info == {"pid": os.getpid(), "address": "http://localhost:8080"}
    first.release()
    HomeLock.acquire(home).release()


def test_a_second_server_on_the_same_data_is_refused(home: Path) -> None:
    server = EmbeddedPostgres.start(home, durable=False)
    try:
        with pytest.raises(AlreadyRunning):
            EmbeddedPostgres.start(home, durable=False)
        assert ask(server.superuser_url(), "SELECT 1") == 1
    finally:
        server.stop()


@linux_only
def test_killing_us_stops_it_and_the_next_start_is_clean(home: Path) -> None:
    parent, pid = start_in_another_process(home)
    kill(parent)
    eventually(lambda: not is_running(pid))
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()
    server = EmbeddedPostgres.start(home, durable=False)
    assert ask(server.superuser_url(), "SELECT 1") == 1
    server.stop()


@linux_only
def test_a_start_right_after_a_kill_waits_for_the_old_server(home: Path) -> None:
    parent, pid = start_in_another_process(home)
    kill(parent)
    server = EmbeddedPostgres.start(home, durable=False)
    assert not is_running(pid)
    assert ask(server.superuser_url(), "SELECT 1") == 1
    server.stop()


@linux_only
@pytest.mark.parametrize("impostor", [False, True], ids=["its pid is free", "its pid is someone else's now"])
def test_a_pid_file_left_by_a_killed_server_does_not_matter(home: Path, impostor: bool) -> None:
    parent, pid = start_in_another_process(home)
    os.kill(pid, signal.SIGKILL)
    kill(parent)
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    if impostor:
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    server = EmbeddedPostgres.start(home, durable=False)
    assert ask(server.superuser_url(), "SELECT 1") == 1
    server.stop()


def test_another_majors_data_is_refused_and_left_alone(home: Path) -> None:
    EmbeddedPostgres.start(home, durable=False).stop()
    version = home / "postgres" / "data" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(WrongMajorVersion, match="written by PostgreSQL 17, and this Niyat comes with 18"):
        EmbeddedPostgres.start(home, durable=False)
    version.write_text("18\n")
    EmbeddedPostgres.start(home, durable=False).stop()


def test_the_home_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIYAT_HOME", "/srv/clinic")
    assert home_directory() == Path("/srv/clinic")
    monkeypatch.delenv("NIYAT_HOME")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert home_directory() == Path("/var/lib/niyat")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/a/.data")
    assert home_directory() == Path("/home/a/.data/niyat")
