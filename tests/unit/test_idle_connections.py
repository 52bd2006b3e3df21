"""Of a connection that nobody uses, the client lets go first: else a request meets a server that is hanging up."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from niyat.kernel.settings import Settings, load
from niyat.serving import server_config


def test_a_server_waits_longer_for_the_next_request_than_our_clients_keep_a_connection() -> None:
    kept = httpx.Limits().keepalive_expiry
    assert kept is not None
    assert server_config(FastAPI(), load(Settings)).timeout_keep_alive > 2 * kept
