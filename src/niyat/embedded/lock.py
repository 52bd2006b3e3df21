"""One Niyat per home. The kernel drops the lock with its process, so even a SIGKILL leaves nothing stale."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from niyat.embedded.home import make_home
from niyat.kernel.errors import NiyatError


class AlreadyRunning(NiyatError):
    """Niyat is already running from this home; stop it first, or choose another home with NIYAT_HOME."""

    def __init__(self, info: dict[str, Any]) -> None:
        known = ", ".join(f"{name} {value}" for name, value in info.items())
        super().__init__(f"{type(self).__doc__} The first one: {known or 'just starting'}.")
        self.info = info


class HomeLock:
    """Held until `release` or the end of the process. What `write` says is shown to a second start."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, home: Path, name: str = "niyat.lock") -> HomeLock:
        """Take the lock of `home`, or raise AlreadyRunning with what its holder wrote."""
        descriptor = os.open(make_home(home) / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 65536, 0)
            os.close(descriptor)
            raise AlreadyRunning(_parse(text)) from None
        lock = cls(descriptor)
        lock.write({})
        return lock

    def write(self, info: dict[str, Any]) -> None:
        """Say where this one is, e.g. `{"address": "http://localhost:8080"}`; the process id is added."""
        text = json.dumps({"pid": os.getpid(), **info}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)

    def release(self) -> None:
        os.close(self._descriptor)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        info = json.loads(text)
    except ValueError:
        return {}
    return info if isinstance(info, dict) else {}
