"""The process of a sandbox, `python -m niyat.sandbox`: begun, killed, brought back on its ports, ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


class SandboxProcess:
    """`python -m niyat.sandbox` on free ports; it ends with us, however we end."""

    def __init__(self, home: Path, *, clock_moves: bool = True) -> None:
        self.home = home
        self.clock_moves = clock_moves
        self.http_port = 0
        self.smtp_port = 0
        self._process = self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def kill(self) -> None:
        """SIGKILL; `restart` brings it back with the same books and ports."""
        self._process.kill()
        self._reap()

    def restart(self) -> None:
        self._process = self._start()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._reap()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "niyat.sandbox", "--home", str(self.home), "--die-with-parent"]
        command += ["--port", str(self.http_port), "--smtp-port", str(self.smtp_port)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        self.http_port, self.smtp_port = address["http"], address["smtp"]
        return process

    def _reap(self) -> None:
        self._process.wait(timeout=10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
