"""Puts the stand-ins, their control and their inboxes into one web application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from niyat.sandbox import inbox, twilio
from niyat.sandbox.control import merchants, money, webhooks
from niyat.sandbox.control import world as surroundings
from niyat.sandbox.razorpay import api, windows
from niyat.sandbox.razorpay.courier import Courier
from niyat.sandbox.world import World

_LOOPBACK_NAMES = ["127.0.0.1", "localhost"]


def create_app(world: World) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        courier = Courier(world)
        app.state.world, app.state.courier = world, courier
        rounds = [asyncio.create_task(courier.run()), asyncio.create_task(windows.watch(world))]
        yield
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        await courier.close()

    app = FastAPI(title="Niyat sandbox", lifespan=lifespan)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_LOOPBACK_NAMES)
    for router in (
        api.router,
        twilio.router,
        merchants.router,
        money.router,
        webhooks.router,
        surroundings.router,
        inbox.router,
    ):
        app.include_router(router)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
