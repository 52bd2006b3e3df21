"""Video rooms in a sandbox."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tests.support.sandbox_controls import Controls


@dataclass(frozen=True)
class DailyAccount:
    """A key of Daily.co's API; `url` is where the API is."""

    api_key: str
    url: str


class VideoControls(Controls):
    async def register_video_app(self, app_id: str, app_secret: str) -> str:
        """Where the Jitsi server is that accepts this app's tokens."""
        await self._call("POST", "/control/video/jitsi", {"app_id": app_id, "app_secret": app_secret})
        return f"{self.process.url}/jitsi"

    async def register_daily(self) -> DailyAccount:
        account = DailyAccount(secrets.token_hex(32), f"{self.process.url}/daily/v1")
        await self._call("POST", "/control/video/daily", {"api_key": account.api_key})
        return account
