"""What nobody expected is a page: in one's own language, with an id, without details."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from niyat.gateway.web.security import CSP
from niyat.gateway.web.shared.render import Renderer
from tests.support.pages import visitor

SECRET = "what only the log may say"


class BrokenRenderer(Renderer):
    def html(self, template: str, page: Any, **view: Any) -> str:
        raise RuntimeError(SECRET)


def _fails(_: httpx.Request) -> httpx.Response:
    raise RuntimeError(SECRET)


async def _home(renderer: type[Renderer], language: str) -> httpx.Response:
    async with visitor(_fails, renderer) as http:
        return await http.get("/", headers={"accept-language": language})


@pytest.mark.parametrize(
    ("renderer", "language", "says"),
    [
        (Renderer, "en", ["Something went wrong on our side"]),
        (Renderer, "hi", ["हमारी ओर"]),
        (BrokenRenderer, "en", ["Something went wrong on our side", "हमारी ओर"]),
    ],
)
async def test_it_is_said_in_ones_language_or_in_all(
    renderer: type[Renderer], language: str, says: list[str]
) -> None:
    answer = await _home(renderer, language)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "unsafe" not in answer.headers[CSP]
    assert all(words in answer.text for words in says)
    assert answer.headers["x-correlation-id"] in answer.text
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
