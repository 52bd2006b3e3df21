"""Lets a handler hurt the TCP connection that its request came on, as broken networks do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from fastapi import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "niyat_sandbox_transport"
_LINGER_ZERO = struct.pack("ii", 1, 0)


class ExposedTransport(H11Protocol):
    """Puts the connection's transport where the request's handler finds it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


def _transport(request: Request) -> asyncio.Transport:
    transport: asyncio.Transport = request.scope["state"][_TRANSPORT]
    return transport


async def drop(request: Request) -> None:
    """Close without a word."""
    _transport(request).abort()
    await asyncio.sleep(0)


async def reset(request: Request) -> None:
    """Close with a TCP reset."""
    connection = _transport(request).get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    await drop(request)
