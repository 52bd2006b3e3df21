"""Puts the stand-ins, their control and their inboxes into one web application."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import traceback
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from niyat.sandbox import fcm, inbox, twilio
from niyat.sandbox.control import (
    disputes,
    downtimes,
    merchants,
    messages,
    money,
    payouts,
    settlements,
    webhooks,
)
from niyat.sandbox.control import video as video_control
from niyat.sandbox.control import world as surroundings
from niyat.sandbox.pages import STATIC, arrivals, books, checkout, console, presses
from niyat.sandbox.postman import Postman
from niyat.sandbox.razorpay import alarms, api
from niyat.sandbox.razorpay.courier import Courier
from niyat.sandbox.video import daily, jitsi
from niyat.sandbox.world import World

_LOOPBACK_NAMES = ["127.0.0.1", "localhost"]


def _end_loudly(task: asyncio.Task[None]) -> None:
    """A round that ends by itself is a bug of the sandbox: no test may go on without it."""
    traceback.print_exception(task.exception())
    os.kill(os.getpid(), signal.SIGTERM)


def create_app(world: World) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        courier = Courier(world)
        postman = Postman(world)
        app.state.world, app.state.courier, app.state.postman = world, courier, postman
        rounds = [
            asyncio.create_task(courier.run()),
            asyncio.create_task(postman.run()),
            asyncio.create_task(alarms.watch(world)),
        ]
        for task in rounds:
            task.add_done_callback(_end_loudly)
        yield
        for task in rounds:
            task.remove_done_callback(_end_loudly)
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        await courier.close()
        await postman.close()

    app = FastAPI(title="Niyat sandbox", lifespan=lifespan)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_LOOPBACK_NAMES)
    for router in (
        twilio.router,
        fcm.router,
        jitsi.router,
        daily.router,
        merchants.router,
        money.router,
        disputes.router,
        settlements.router,
        payouts.router,
        downtimes.router,
        webhooks.router,
        surroundings.router,
        messages.router,
        video_control.router,
        inbox.router,
        arrivals.router,
        checkout.router,
        console.router,
        books.router,
        presses.router,
        api.router,  # last: whatever else is below its address is unknown to the vendor
    ):
        app.include_router(router)

    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
