"""Control of the video providers: whose tokens and keys are accepted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from niyat.sandbox.control import guarded_router
from niyat.sandbox.control.forms import Form
from niyat.sandbox.world import TheWorld

router = guarded_router()


class JitsiApp(Form):
    app_id: Annotated[str, Field(min_length=1)]
    app_secret: Annotated[str, Field(min_length=32)]


class DailyKey(Form):
    api_key: Annotated[str, Field(min_length=1)]


@router.post("/video/jitsi")
async def register_jitsi(form: JitsiApp, world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        world.books.run(
            "INSERT INTO video_apps (app_id, app_secret) VALUES (?, ?)"
            " ON CONFLICT (app_id) DO UPDATE SET app_secret = excluded.app_secret",
            form.app_id,
            form.app_secret,
        )
    return {"app_id": form.app_id}


@router.post("/video/daily")
async def register_daily(form: DailyKey, world: TheWorld) -> dict[str, object]:
    with world.books.transaction():
        world.books.run("INSERT OR IGNORE INTO daily_keys (api_key) VALUES (?)", form.api_key)
    return {}
