"""No page may run or style anything that is not a file of ours."""

from __future__ import annotations

import httpx
import pytest

from niyat.gateway.web.security import CSP, checkout_headers, policy
from tests.support import preview, sample_pages


async def _get(path: str, scheme: str = "http") -> httpx.Response:
    transport = httpx.ASGITransport(preview.create())
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://niyat.test") as client:
        return await client.get(path)


def test_the_policy_allows_nothing_inline_and_no_other_host() -> None:
    assert "unsafe" not in policy()
    assert "://" not in policy()
    assert "default-src 'none'" in policy()


def test_the_checkout_adds_its_two_origins_and_nothing_else() -> None:
    headers = checkout_headers("https://checkout.example", "https://api.example")
    directives = dict(part.split(" ", 1) for part in headers[CSP].split("; "))
    assert "unsafe" not in headers[CSP]
    assert directives["script-src"] == "'self' https://checkout.example"
    assert directives["frame-src"] == "https://api.example"
    assert directives["form-action"] == "'self' https://api.example"
    assert directives["style-src"] == "'self'"


@pytest.mark.parametrize("path", ["/en/home", "/en/checkout", "/nowhere", preview.ASSETS.url("niyat.css")])
async def test_every_answer_carries_the_headers(path: str) -> None:
    headers = (await _get(path)).headers
    assert "unsafe" not in headers[CSP]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "strict-transport-security" not in headers


async def test_only_the_page_on_which_one_pays_may_reach_the_gateway() -> None:
    for name in sample_pages.PAGES:
        answer = await _get(f"/en/{name}", "https")
        assert ("razorpay" in answer.headers[CSP]) == name.startswith("checkout")
        assert answer.headers["strict-transport-security"]
        assert answer.headers["cache-control"] == "private, no-cache"
