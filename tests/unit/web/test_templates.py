"""Every page in every state renders in every language, and keeps the rules that no template may break."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from niyat.gateway.web.shared.assets import STATIC_DIRECTORY
from niyat.gateway.web.shared.i18n import LANGUAGES
from niyat.gateway.web.shared.render import FRONT_ENDS, WEB_DIRECTORY
from tests.support import preview, sample_pages

ICONS = set(re.findall(r'<symbol id="([a-z]+)"', (STATIC_DIRECTORY / "icons.svg").read_text("utf-8")))
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Reader(HTMLParser):
    """Collects what the rules are about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.title = ""
        self.open: list[str] = []
        self.mismatched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID and self.get_starttag_text()[-2:] != "/>":  # type: ignore[index]
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in ("use", "rect", "circle", "path"):
            self.mismatched.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.title += data


@pytest.fixture(params=preview.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest, name: str) -> Reader:
    html = bytes(preview.show(name, request.param).body).decode()
    assert "{n}" not in re.sub(r'data-say-\w+="[^"]*"', "", html)
    return Reader(html)


def test_nothing_is_inline(page: Reader) -> None:
    for tag, attributes in page.tags:
        assert tag != "style"
        assert "style" not in attributes, tag
        assert not [key for key in attributes if key.startswith("on")], tag
        assert not str(attributes.get("href") or "").startswith("javascript:")
        if tag == "script":
            assert str(attributes["src"]).startswith("/static/")


def test_the_document_is_well_formed_with_a_title_one_h1_and_unique_ids(page: Reader) -> None:
    assert page.mismatched == []
    assert page.open == []
    assert len(page.title.strip().removesuffix("Niyat").removesuffix("नियत").strip(" ·")) > 2
    assert [tag for tag, _ in page.tags].count("h1") == 1
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert [one for one, times in ids.items() if times > 1] == []


def test_what_is_pointed_at_is_there(page: Reader) -> None:
    ids = {attributes.get("id") for _, attributes in page.tags}
    for tag, attributes in page.tags:
        for key in ("for", "aria-labelledby", "aria-describedby"):
            for target in str(attributes.get(key) or "").split():
                assert target in ids, (tag, key, target)
        if tag == "use":
            assert str(attributes["href"]).partition("#")[2] in ICONS


def test_every_form_that_posts_to_us_carries_the_token(name: str) -> None:
    html = bytes(preview.show(name, "en").body).decode()
    for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
        if 'method="post"' in form and 'action="https://' not in form:
            assert 'name="csrf" value="token"' in form


def test_every_template_has_a_sample() -> None:
    shown = {template for template, _ in sample_pages.PAGES.values()} | {"shared/style.html"}
    for front_end in FRONT_ENDS:
        folder = WEB_DIRECTORY / front_end / "templates"
        for path in folder.glob("*.html"):
            template = f"{front_end}/{path.name}"
            is_page = "{% extends" in path.read_text("utf-8")
            assert template in shown or not is_page, template


def test_what_people_wrote_is_escaped() -> None:
    template, view = sample_pages.PAGES["sign-in-wrong"]
    form = type(view["form"])(contact='"><script>alert(1)</script>', errors={"contact": "<b>no</b>"})
    html = preview.RENDERER.html(template, sample_pages.page_for("sign-in"), form=form)
    assert "<script>alert" not in html
    assert "<b>no" not in html


def test_the_way_to_meet_is_chosen_first_with_its_price_and_length() -> None:
    page = bytes(preview.show("doctor-two-ways", "en").body).decode()
    assert page.index('id="mode-IN_PERSON"') < page.index('id="day-')
    assert 'data-modes="VIDEO"' in page
    assert re.search(r'id="mode-IN_PERSON"[^>]*checked', page)
    for words in ("₹1,200", "30 minutes", "₹800", "20 minutes"):
        assert words in page, words
