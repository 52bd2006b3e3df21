"""The server's main process, as its `postmaster.pid` and the system describe it.

The lines of postmaster.pid: process id, data folder, start time, port, socket folder, listen address, shared
memory key, status (https://www.postgresql.org/docs/18/storage-file-layout.html).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PID_FILE = "postmaster.pid"
POLL_SECONDS = 0.02


class Server:
    """A main process that we started (`process`) or found (`pid`)."""

    def __init__(self, data: Path, process: subprocess.Popen[bytes] | None, pid: int | None = None) -> None:
        self._data = data
        self._process = process
        self.pid = process.pid if process else int(pid or 0)

    def socket_folder(self) -> Path:
        return Path(_read(self._data)[4])

    def port(self) -> int:
        return int(_read(self._data)[3])

    def wait_until_ready(self, seconds: float) -> bool:
        """Whether it takes connections; false when it ended or is not ready in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.is_alive():
            lines = _read(self._data)
            if lines[:1] == [str(self.pid)] and len(lines) >= 8 and lines[7].strip() == "ready":
                return True
            time.sleep(POLL_SECONDS)
        return False

    def is_alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return _is_server_of(self._data, self.pid)

    def stop(self, seconds: float) -> None:
        """Fast shutdown, then an immediate one when it takes longer than `seconds`."""
        for sign in (signal.SIGINT, signal.SIGQUIT):
            if self.is_alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, sign)
                self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self.is_alive() and time.monotonic() < until:
            time.sleep(POLL_SECONDS)


def adopt_or_clear(data: Path, sockets: Path, seconds: float) -> Server | None:
    """What an earlier run left: nothing, stale files (cleared), or a live server.

    On Linux a live one is already on its way out, so see it off: it would not end with us. Elsewhere use it.
    The caller holds the home's lock, so nobody else of ours is using the server.
    """
    lines = _read(data)
    if lines and lines[0].isdigit():
        pid = int(lines[0])
        if _is_server_of(data, pid):
            server = Server(data, None, pid)
            if sys.platform != "linux" and server.wait_until_ready(seconds):
                return server
            server.stop(seconds)
        _disown(data)
    for stale in sockets.glob(".s.PGSQL.*"):
        stale.unlink()
    return None


def _disown(data: Path) -> None:
    """Let no process that now has the dead server's id keep the next one from starting.

    PostgreSQL passes over its parent's id, which ours will be, and still checks by the rest of the file that
    no child of the dead server is using the data. So the file must stay.
    """
    lines = _read(data)
    if lines:
        (data / PID_FILE).write_text("\n".join([str(os.getpid()), *lines[1:], ""]))


def _read(data: Path) -> list[str]:
    try:
        return (data / PID_FILE).read_text().splitlines()
    except FileNotFoundError:
        return []


def _is_server_of(data: Path, pid: int) -> bool:
    """Whether `pid` lives and is a PostgreSQL on this data folder, by its command line."""
    if sys.platform == "linux":
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return str(data).encode() in command
    shown = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(data) in shown.stdout
