"""Starts the sandbox, the process that stands in for Razorpay, Twilio, mail relay and video server, and ends with us.

It is a process of its own with durable books: killing Niyat must not erase the witness of what was paid and sent.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from niyat.kernel.errors import NiyatError

STOP_SECONDS = 10


class SandboxDidNotStart(NiyatError):
    """The sandbox that stands in for the payment, mail and SMS providers did not start; see its log."""


@dataclass(frozen=True)
class StandIns:
    """A running sandbox: where its HTTP side is, and the port that takes mail (both on loopback)."""

    url: str
    mail_port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path, *, port: int = 0) -> StandIns:
        """Start the sandbox with its books in `home`; `port` 0 takes any. Raises SandboxDidNotStart."""
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = [sys.executable, "-m", "niyat.sandbox", "--home", str(home)]
        command += ["--port", str(port), "--smtp-port", "0", "--die-with-parent"]
        log = home / "sandbox.log"
        with log.open("ab") as errors:
            # Its stdin is a pipe from us: when we end, however we end, it reads the end of it and stops.
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            process.wait(STOP_SECONDS)
            raise SandboxDidNotStart(f"{SandboxDidNotStart.__doc__} ({log})")
        ports = json.loads(line)
        return cls(f"http://127.0.0.1:{ports['http']}", ports["smtp"], process)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(STOP_SECONDS)
