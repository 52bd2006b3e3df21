"""The PostgreSQL that comes with Niyat: started with us, stopped with us, even when we are killed.

On Linux the kernel sends it SIGINT (a fast shutdown) when the thread that started it ends, so start it from
the main thread. Elsewhere a server that outlived us is adopted at the next start.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from niyat.embedded import binaries, postmaster
from niyat.embedded.home import make_home
from niyat.embedded.lock import HomeLock
from niyat.kernel.errors import NiyatError
from niyat.kernel.private_file import write_private

SUPERUSER = "postgres"
SOCKET_PORT = 5432
PR_SET_PDEATHSIG = 1
LONGEST_SOCKET_PATH = 100
LARGEST_LOG = 20 * 1024 * 1024
START_SECONDS = 300
STOP_SECONDS = 30

SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_checkpoints": "off",
    "log_lock_waits": "on",
    "password_encryption": "scram-sha-256",
    "unix_socket_permissions": "0700",
}
# A failing row's values (DETAIL) may be a patient's; they do not belong in a log.
DURABLE = {"log_error_verbosity": "terse"}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class WrongMajorVersion(NiyatError):
    """The data was written by another major version of PostgreSQL."""


class PostgresDidNotStart(NiyatError):
    """PostgreSQL did not start."""


class EmbeddedPostgres:
    """A running server. Made by `start`; `stop` ends it and keeps its data."""

    def __init__(self, folders: _Folders, server: postmaster.Server, lock: HomeLock, port: int) -> None:
        self.bin = folders.bin
        self.log_path = folders.log
        self.pid = server.pid
        self._folders = folders
        self._server = server
        self._lock = lock
        self._port = port

    @classmethod
    def start(
        cls,
        home: Path,
        *,
        durable: bool = True,
        port: int | None = None,
        report: Callable[[str], None] = lambda line: None,
    ) -> EmbeddedPostgres:
        """Start the server whose data is in `home`, making it first where there is none.

        It listens on a Unix socket only, and on 127.0.0.1 too when a `port` is asked for. `durable=False` is
        for tests: what is committed is lost in a power cut.
        Raises AlreadyRunning, WrongMajorVersion, PostgresUnavailable, PostgresDidNotStart.
        """
        if sys.platform == "linux" and threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                "start PostgreSQL from the main thread: it ends with the thread that starts it"
            )
        lock = HomeLock.acquire(home, "postgres.lock")
        try:
            folders = _Folders(make_home(home).absolute())
            if not folders.data.exists():
                report(f"Making a PostgreSQL {binaries.major()} database in {folders.data}")
                _initialize(folders, report)
            _check_major(folders.data)
            number = port or SOCKET_PORT
            server = postmaster.adopt_or_clear(folders.data, folders.socket, STOP_SECONDS)
            if server is None:
                command = _command(folders, durable=durable, port=port)
                server = _launch(folders, command)
                report(f"PostgreSQL {binaries.major()} is running (process {server.pid}, log {folders.log})")
            else:
                folders.socket, number = server.socket_folder(), server.port()
                report(f"PostgreSQL {binaries.major()} was still running (process {server.pid})")
        except BaseException:
            lock.release()
            raise
        return cls(folders, server, lock, number)

    def url(self, database: str, user: str, password: str) -> str:
        """A URL that asyncpg and psycopg2 both understand, over the Unix socket."""
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        where = f"host={quote(str(self._folders.socket), safe='')}&port={self._port}"
        return f"postgresql://{who}@/{quote(database, safe='')}?{where}"

    def superuser_url(self, database: str = "postgres") -> str:
        return self.url(database, SUPERUSER, self._folders.password.read_text())

    @property
    def pgbench(self) -> Path:
        return self.bin / "pgbench"

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is kept."""
        self._server.stop(STOP_SECONDS)
        if self._folders.socket.parent == Path("/tmp"):  # noqa: S108
            shutil.rmtree(self._folders.socket, ignore_errors=True)
        self._lock.release()


class _Folders:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "postgres" / "data"
        self.log = home / "postgres.log"
        self.password = home / "postgres.password"
        self.user = binaries.User.choose(self.data)
        self.user.make_folder(self.data.parent)
        self.bin = binaries.programs(home, self.user)
        self.socket = self._short_socket_folder()

    def _short_socket_folder(self) -> Path:
        """In home where the path fits a socket's address (about 100 bytes), else a fresh folder in /tmp."""
        folder = self.home / "run"
        if len(str(folder / ".s.PGSQL.65535")) > LONGEST_SOCKET_PATH:
            folder = Path(tempfile.mkdtemp(prefix="niyat-", dir="/tmp"))
        return self.user.make_folder(folder)


def _initialize(folders: _Folders, report: Callable[[str], None]) -> None:
    """Make the data folder beside its place and move it there, so that a killed first start leaves none."""
    password = secrets.token_urlsafe(24)
    write_private(folders.password, password)
    new = folders.data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    pwfile = folders.data.with_name("password")
    write_private(pwfile, password)
    folders.user.own(pwfile)
    options = [
        f"--username={SUPERUSER}",
        f"--pwfile={pwfile}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-sync",
        f"--pgdata={new}",
    ]
    try:
        done = binaries.run_as(folders.user, [folders.bin / "initdb", *options], cwd="/")
    finally:
        pwfile.unlink()
    if done.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise PostgresDidNotStart(f"PostgreSQL could not make its data folder: {done.stderr.strip()[-2000:]}")
    os.sync()
    new.rename(folders.data)


def _check_major(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != str(binaries.major()):
        raise WrongMajorVersion(
            f"The data in {data} was written by PostgreSQL {found}, and this Niyat comes with"
            f" {binaries.major()}. Dump it with the old one and restore it into a new home, or go back to the"
            " Niyat that wrote it. Nothing was changed."
        )


def _command(folders: _Folders, *, durable: bool, port: int | None) -> list[str]:
    settings = SETTINGS | (DURABLE if durable else FORGETFUL)
    settings["unix_socket_directories"] = str(folders.socket)
    settings["listen_addresses"] = "127.0.0.1" if port else ""
    settings["port"] = str(port or SOCKET_PORT)
    command = [str(folders.bin / "postgres"), "-D", str(folders.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def _launch(folders: _Folders, command: list[str]) -> postmaster.Server:
    """Start and wait until it takes connections. Children of a killed server may need a moment to go."""
    if folders.log.exists() and folders.log.stat().st_size > LARGEST_LOG:
        folders.log.replace(folders.log.with_name(folders.log.name + ".1"))
    gone_by = time.monotonic() + STOP_SECONDS
    while True:
        begin = folders.log.stat().st_size if folders.log.exists() else 0
        server = postmaster.Server(folders.data, _spawn(folders, command))
        if server.wait_until_ready(START_SECONDS):
            return server
        server.stop(STOP_SECONDS)
        said = folders.log.read_bytes()[begin:].decode(errors="replace")
        if "pre-existing shared memory block" not in said or time.monotonic() > gone_by:
            raise PostgresDidNotStart(
                f"PostgreSQL did not start. It said (in {folders.log}):\n{said[-2000:]}"
            )
        time.sleep(0.2)


def _spawn(folders: _Folders, command: list[str]) -> subprocess.Popen[bytes]:
    user = folders.user
    folders.log.touch(mode=0o600)
    with folders.log.open("ab") as log:
        # A session of its own: Ctrl-C in our terminal is ours to handle, then we stop the server in order.
        return subprocess.Popen(  # noqa: S603
            command,
            cwd="/",
            env=binaries.ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=user.uid if user.is_other else None,
            group=user.gid if user.is_other else None,
            extra_groups=[] if user.is_other else None,
            umask=0o077,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()) if sys.platform == "linux" else None,
        )


def _die_with(parent: int) -> Callable[[], None]:
    """Run in the child, after its user changed (that clears the signal): SIGINT when our parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0) != 0 or os.getppid() != parent:
            os._exit(1)

    return ask
