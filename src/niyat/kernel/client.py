"""The one way from service to service: httpx, over the network or straight into the other service's app.

httpx's own ASGITransport would tie the callee to the caller: no timeout, a shared context, and a cancelled caller
would cancel the callee's transaction. `Loopback` gives each call a task and a context of its own (protocols, 4).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from starlette.types import ASGIApp

from niyat.kernel.correlation import HEADER, correlation_id
from niyat.kernel.errors import NiyatError, ServiceUnavailable

DEFAULT_TIMEOUT_SECONDS = 5.0


class Refused(NiyatError):
    """The other service refused."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(str(problem.get("detail", "")))

    @property
    def code(self) -> str:
        return str(self.problem.get("code", "refused"))


class Loopback(httpx.AsyncBaseTransport):
    """Calls an ASGI app in a task and context of its own, with the request's timeout. Not for streams."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._running: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        call = self._transport.handle_async_request(request)
        task = asyncio.create_task(_response(call), context=contextvars.Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        timeout = request.extensions.get("timeout", {}).get("read")
        try:
            return await asyncio.wait_for(asyncio.shield(task), timeout)
        except TimeoutError:
            raise httpx.ReadTimeout("the service did not answer in time", request=request) from None


async def _response(call: Awaitable[httpx.Response]) -> httpx.Response:
    return await call


class ServiceClient:
    """Calls one service. `token` gives our own service token; a composite passes its user's bearer instead."""

    def __init__(
        self,
        service: str,
        *,
        base_url: str,
        token: Callable[[], Awaitable[str]] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.service = service
        self._token = token
        self._http = httpx.AsyncClient(
            base_url=base_url, transport=transport, timeout=DEFAULT_TIMEOUT_SECONDS
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, str] | None = None,
        bearer: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> Any:
        """The parsed JSON answer. Raises Refused for a 4xx, ServiceUnavailable when the outcome is unknown."""
        response = await self._send(
            method,
            path,
            json=json,
            params=params,
            bearer=bearer,
            idempotency_key=idempotency_key,
            timeout_seconds=timeout_seconds,
        )
        return _parsed(self.service, response)

    async def file(
        self, path: str, *, params: dict[str, str] | None = None, bearer: str | None = None
    ) -> httpx.Response:
        """An answer that is not JSON, as it came. Raises as `call` does."""
        response = await self._send("GET", path, params=params, bearer=bearer)
        if not response.is_success:
            _parsed(self.service, response)
        return response

    async def _send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, str] | None = None,
        bearer: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> httpx.Response:
        if bearer is None and self._token is not None:
            bearer = await self._token()
        headers = {HEADER: correlation_id.get("")}
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        if idempotency_key:
            headers["idempotency-key"] = idempotency_key
        try:
            return await self._http.request(
                method, path, json=json, params=params, headers=headers, timeout=timeout_seconds
            )
        except httpx.TransportError as error:
            raise ServiceUnavailable(f"{self.service} does not answer; try again in a moment.") from error

    async def close(self) -> None:
        await self._http.aclose()


def _parsed(service: str, response: httpx.Response) -> Any:
    if response.is_server_error or response.is_redirect:
        wait = response.headers.get("retry-after", "")
        known = {"retry_after_seconds": int(wait)} if wait.isdecimal() else {}
        raise ServiceUnavailable(f"{service} could not answer; try again in a moment.", **known)
    try:
        body = response.json() if response.content else None
    except ValueError as error:
        raise ServiceUnavailable(f"{service} gave an answer that is not JSON.") from error
    if response.is_client_error:
        raise Refused(response.status_code, body if isinstance(body, dict) else {})
    return body
