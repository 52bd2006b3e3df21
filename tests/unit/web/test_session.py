"""Where a form may lead, whose hints are whose, and which cookies a session is."""

from __future__ import annotations

import asyncio

import pytest

from niyat.gateway.live import Hub, of_account, of_doctor
from niyat.gateway.web.session import safe_path


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "",
        None,
        "/a\nb",
        "javascript:1",
    ],
)
def test_one_is_never_sent_to_another_site(path: str | None) -> None:
    assert safe_path(path, "/home") == "/home"


def test_a_page_of_ours_keeps_its_query() -> None:
    assert safe_path("/doctors/1?from=2025-11-06") == "/doctors/1?from=2025-11-06"


async def test_a_hint_reaches_those_whose_it_is_and_closing_ends_every_stream() -> None:
    hub = Hub()
    mine, theirs = hub.stream([of_account("a")]), hub.stream([of_account("b"), of_doctor("d")])
    for stream in (mine, theirs):
        assert (await anext(stream)).startswith("retry:")
    hub.tell(of_account("a"), "appointment-1")
    hub.tell(of_doctor("d"), of_doctor("d"))
    assert await anext(mine) == "event: changed\ndata: appointment-1\n\n"
    assert await anext(theirs) == "event: changed\ndata: doctor:d\n\n"
    hub.close()
    async with asyncio.timeout(20):
        assert [event async for event in mine] == []
        assert [event async for event in hub.stream([of_account("a")])] == ["retry: 2000\n\n"]
