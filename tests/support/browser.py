"""A real Chromium for tests. Where there is none, tests that need one are skipped and say what is missing."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.support.require import need

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


def chromium() -> str:
    """The path of a Chromium; skips the test when there is none. NIYAT_CHROMIUM names one."""
    found = os.environ.get("NIYAT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    need(
        "browser", found is not None, f"install one of {', '.join(NAMES)}, or set NIYAT_CHROMIUM to its path"
    )
    return found or ""


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The app on a free port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the preview server did not start")
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
