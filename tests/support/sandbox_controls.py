"""How a test speaks to its sandbox: every control is a call of this."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.sandbox_process import SandboxProcess

Json = dict[str, Any]


class Controls:
    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.http = httpx.AsyncClient(base_url=process.url, timeout=30, trust_env=False)

    async def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = await self.http.request(method, path, json={} if body is None else body)
        if answer.is_error:
            raise AssertionError(f"the sandbox refused {method} {path}: {answer.status_code} {answer.text}")
        shown: Json = answer.json()
        return shown
