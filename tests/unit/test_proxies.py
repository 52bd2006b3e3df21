"""Whose word about a visitor's address is believed."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from niyat.kernel.settings import Settings, SettingsWrong, load
from niyat.serving import server_config

FORWARDED = [(b"x-forwarded-for", b"203.0.113.9, 198.51.100.7"), (b"x-forwarded-proto", b"https")]


async def _seen(trusted: str, connection: str) -> tuple[str, str]:
    """The visitor's address and scheme that our apps see."""
    seen: list[tuple[str, str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["client"][0], scope["scheme"]))

    config = server_config(app, load(Settings, trusted_proxies=trusted))
    config.load()
    scope = {"type": "http", "headers": FORWARDED, "client": (connection, 1), "scheme": "http"}
    await config.loaded_app(scope, None, None)
    return seen[0]


@pytest.mark.parametrize("connection", ["127.0.0.1", "192.0.2.1"])
async def test_nobody_is_believed_by_default_not_even_this_machine(connection: str) -> None:
    assert await _seen("", connection) == (connection, "http")


async def test_a_trusted_proxy_tells_who_connected_to_it_and_not_what_that_one_claims() -> None:
    assert await _seen("10.0.0.0/8, 127.0.0.1", "127.0.0.1") == ("198.51.100.7", "https")
    assert await _seen("10.0.0.0/8", "192.0.2.1") == ("192.0.2.1", "http")


def test_a_proxy_is_named_by_its_address() -> None:
    with pytest.raises(SettingsWrong, match="NIYAT_TRUSTED_PROXIES"):
        load(Settings, trusted_proxies="proxy.internal")
