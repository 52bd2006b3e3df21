"""What the body of a mail may be made of. Mail programs drop the rest, or worse, obey it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"br", "hr"})
TAGS = VOID | {
    *("a", "b", "blockquote", "div", "em", "h1", "h2", "h3", "i", "li", "ol", "p", "span", "strong"),
    *("table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
ATTRIBUTES = frozenset({"class", "dir", "href", "lang", "role", "style", "align", "width"})
LINKS = ("https://", "http://", "mailto:", "tel:")


class Faults(HTMLParser):
    """Collects what is wrong with a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag}> is not allowed in a mail")
            return
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.found.append(f"the attribute {name} of <{tag}> is not allowed in a mail")
            elif name == "href" and not (value or "").startswith(LINKS):
                self.found.append("a link must start with https://, http://, mailto: or tel:")
            elif name == "style" and "url(" in (value or "").lower():
                self.found.append("a style may load nothing")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in self.open:
            self.open.remove(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in TAGS or tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.found.append(f"</{tag}> closes nothing that is open")
        else:
            self.open.pop()

    def handle_comment(self, data: str) -> None:
        self.found.append("a comment would be sent to everybody")

    def handle_decl(self, decl: str) -> None:
        self.found.append("the frame of the page is added by Niyat")


def faults(html: str) -> list[str]:
    """Every fault of a rendered body, as a sentence's end; none: it may be sent."""
    parser = Faults()
    parser.feed(html)
    parser.close()
    return parser.found + [f"<{tag}> is never closed" for tag in parser.open]
