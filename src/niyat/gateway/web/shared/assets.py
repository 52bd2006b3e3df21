"""Static files under `/static/<version>/…`, where the version is a hash of all of them.

So a browser may keep a file for ever, and modules still import each other by relative paths. The style sheets
are joined into one, `niyat.css`, at start: a first visit over a slow network makes one request for them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_DIRECTORY = Path(__file__).parent / "static"
PREFIX = "/static"
STYLES = "niyat.css"

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


class Assets(StaticFiles):
    """Mount this at PREFIX; `url(path)` is what templates use."""

    def __init__(self, directory: Path = STATIC_DIRECTORY) -> None:
        super().__init__(directory=directory)
        self._styles = _joined(directory / "css")
        self.version = _fingerprint(directory)

    def url(self, path: str) -> str:
        """The address of a static file, different whenever any file is."""
        return f"{PREFIX}/{self.version}/{path}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A page rendered before an upgrade may ask with an older version: it gets today's file, uncached."""
        version, _, name = path.replace("\\", "/").partition("/")
        if name == STYLES:
            response = Response(self._styles, media_type="text/css")
        else:
            response = await super().get_response(name, scope)
        response.headers["cache-control"] = FOR_EVER if version == self.version else ASK_AGAIN
        return response


def _joined(directory: Path) -> str:
    """tokens, base, then the components by name: later rules may lean on earlier ones."""
    first = [directory / "tokens.css", directory / "base.css"]
    rest = sorted(path for path in directory.rglob("*.css") if path not in first)
    return "\n".join(path.read_text("utf-8") for path in [*first, *rest])


def _fingerprint(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(directory)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
