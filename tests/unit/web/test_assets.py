"""Static files: kept for ever under their version, nothing from elsewhere, colours that can be read."""

from __future__ import annotations

import re

import httpx
import pytest

from niyat.gateway.web.shared.assets import STATIC_DIRECTORY, Assets
from tests.support import preview

TOKENS = (STATIC_DIRECTORY / "css" / "tokens.css").read_text("utf-8")


async def _get(path: str) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(preview.create()), base_url="http://niyat.test"
    ) as client:
        return await client.get(path)


async def test_a_file_of_this_version_is_kept_for_ever_and_an_older_address_still_answers() -> None:
    now = await _get(preview.ASSETS.url("js/start.js"))
    before = await _get("/static/0123456789ab/js/start.js")
    assert "immutable" in now.headers["cache-control"]
    assert now.content == before.content
    assert before.headers["cache-control"] == "public, no-cache"


async def test_the_style_sheets_come_as_one_with_the_tokens_first() -> None:
    styles = await _get(preview.ASSETS.url("niyat.css"))
    assert styles.headers["content-type"].startswith("text/css")
    assert styles.text.startswith(TOKENS)
    sheets = list(STATIC_DIRECTORY.rglob("*.css"))
    assert len(sheets) > 1
    for path in sheets:
        assert path.read_text("utf-8") in styles.text


@pytest.mark.parametrize(
    "path",
    ["/static/x/../../page.py", "/static/x/%2e%2e/%2e%2e/page.py", "/static/x/nothing.js", "/static/x"],
)
async def test_nothing_but_static_files_is_served(path: str) -> None:
    assert (await _get(path)).status_code == 404


def test_the_version_follows_the_content() -> None:
    assert Assets().version == Assets().version
    assert re.fullmatch(r"/static/[0-9a-f]{12}/icons\.svg", Assets().url("icons.svg"))


def test_no_static_file_reaches_for_another_host() -> None:
    files = [path for path in STATIC_DIRECTORY.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".css", ".js", ".svg"}
    for path in files:
        addresses = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text("utf-8"))
        assert [one for one in addresses if "www.w3.org" not in one] == [], path


def _values(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", block))


LIGHT = _values(re.findall(r":root \{(.*?)\n\}", TOKENS, re.DOTALL)[0])
DARK = _values(re.findall(r":root:not\(\[data-theme=\"light\"\]\) \{(.*?)\n  \}", TOKENS, re.DOTALL)[0])
CHOSEN_DARK = _values(re.findall(r":root\[data-theme=\"dark\"\] \{(.*?)\n\}", TOKENS, re.DOTALL)[0])


def test_dark_by_choice_and_dark_by_device_are_the_same_and_leave_nothing_light() -> None:
    assert DARK == CHOSEN_DARK
    assert set(LIGHT) == set(DARK)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TONES = ("success", "warning", "danger", "info")
TEXT = [
    *[(ink, ground) for ink in ("ink", "ink-soft") for ground in ("paper", "surface", "sunken")],
    *[("link", ground) for ground in ("paper", "surface", "brand-soft")],
    *[("on-brand", "brand"), ("on-brand", "brand-hover"), ("brand", "brand-soft"), ("ink", "brand-soft")],
    *[("on-danger", "danger"), ("on-danger", "danger-hover"), ("danger", "surface"), ("success", "surface")],
    *[("on-deep", "brand-deep"), ("on-deep-soft", "brand-deep"), ("accent", "brand-deep")],
    *[("on-accent", "accent"), ("accent-ink", "accent-soft")],
    *[(ink, f"{tone}-soft") for tone in TONES for ink in ("ink", tone)],
]
CONTROLS = [
    *[(line, ground) for line in ("line-strong", "focus", "brand") for ground in ("paper", "surface")],
    ("accent", "brand-deep"),
]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_controls_can_be_read_on_their_ground(theme: dict[str, str]) -> None:
    dim = [(ink, ground) for ink, ground in TEXT if _contrast(theme[ink], theme[ground]) < 4.5]
    faint = [(line, ground) for line, ground in CONTROLS if _contrast(theme[line], theme[ground]) < 3]
    assert (dim, faint) == ([], [])
