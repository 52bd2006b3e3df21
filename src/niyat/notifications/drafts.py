"""Whether wording may be stored, and then sent: what it names, what it is built of, and how it comes out.

Only a few constructs of Jinja are let in, so that no wording can loop for ever or fill the memory of whoever sends it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import TemplateError, nodes
from jinja2.meta import find_undeclared_variables

from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.errors import TemplateWrong, UndeclaredVariable, WordingRefused
from niyat.notifications.markup import faults
from niyat.notifications.rendering import HTML, PLAIN, Template, Words, render
from niyat.notifications.samples import samples
from niyat.notifications.sms import WIDEST_SAMPLE, Size, measure
from niyat.notifications.variables import DECLARED

CONSTRUCTS = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Tuple, nodes.List),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.For, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test, nodes.Concat),
)
FILTERS = frozenset(
    {"capitalize", "default", "e", "escape", "first", "join", "last", "length", "lower", "upper"}
)
TESTS = frozenset({"defined", "none", "undefined", "in", "true", "false"})
OWN_NAMES = frozenset({"self", "super", "caller", "varargs", "kwargs"})
LONGEST_PUSH = 1000  # bytes; a push message has 4,096 for everything


@dataclass(frozen=True, slots=True)
class Preview:
    """How wording comes out with one sample; `size` of a text message."""

    sample: str
    words: Words
    size: Size | None


def refuse_unless_sound(kind: NotificationType, template: Template) -> None:
    """Raises UndeclaredVariable, WordingRefused. Both say what is wrong and where."""
    _parts_fit_channel(template)
    for part in ("subject", "text", "html"):
        _sound(kind, part, getattr(template, part))


def previews(kind: NotificationType, template: Template) -> Iterator[Preview]:
    """How `template` comes out with each sample. Raises WordingRefused where it cannot be sent like that."""
    for sample in samples(kind, template.language):
        try:
            words = render(template, sample.facts)
        except TemplateWrong as wrong:
            why = wrong.extra.get("why", wrong.detail)
            raise WordingRefused(f"With the sample {sample.name} it cannot be rendered: {why}") from wrong
        if template.html and (found := faults(HTML.from_string(template.html).render(sample.facts))):
            raise WordingRefused(f"html: {found[0]}.", faults=found)
        if not words.text.strip() or (template.subject and not words.subject):
            raise WordingRefused(f"With the sample {sample.name} a part of it is empty.")
        size = measure(words.text) if template.channel == NotificationChannel.SMS else None
        if size and size.segments > WIDEST_SAMPLE:
            raise WordingRefused(
                f"With the sample {sample.name} it takes {size.segments} segments, more than {WIDEST_SAMPLE}.",
                segments=size.segments,
            )
        if template.channel == NotificationChannel.PUSH and _bytes(words) > LONGEST_PUSH:
            raise WordingRefused(f"With the sample {sample.name} it is longer than {LONGEST_PUSH} bytes.")
        yield Preview(sample.name, words, size)


def _parts_fit_channel(template: Template) -> None:
    wants_subject = template.channel in {NotificationChannel.EMAIL, NotificationChannel.PUSH}
    if wants_subject != bool(template.subject):
        raise WordingRefused(f"subject: {template.channel} {'needs one' if wants_subject else 'has none'}.")
    wants_html = template.channel == NotificationChannel.EMAIL
    if wants_html != bool(template.html):
        raise WordingRefused(f"html: {template.channel} {'needs it' if wants_html else 'has none'}.")


def _sound(kind: NotificationType, part: str, source: str) -> None:
    try:
        tree = (HTML if part == "html" else PLAIN).parse(source)
    except TemplateError as wrong:
        raise WordingRefused(f"{part}: {wrong}.", part=part) from wrong
    if unknown := sorted(find_undeclared_variables(tree) - set(DECLARED[kind])):
        allowed = ", ".join(sorted(DECLARED[kind]))
        raise UndeclaredVariable(
            f"{part}: {unknown[0]} is no variable of {kind}; there are {allowed}.",
            part=part,
            variables=unknown,
        )
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, CONSTRUCTS):
            raise WordingRefused(f"{part}: {_named(node)} may not be used in wording.", part=part)
        if isinstance(node, nodes.Name) and node.name in OWN_NAMES:
            raise WordingRefused(f"{part}: {node.name} may not be used in wording.", part=part)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise WordingRefused(f"{part}: the filter {node.name} may not be used in wording.", part=part)
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise WordingRefused(f"{part}: the test {node.name} may not be used in wording.", part=part)
        if isinstance(node, nodes.For) and (node.recursive or any(node.find_all(nodes.For))):
            raise WordingRefused(f"{part}: a loop within a loop may not be used in wording.", part=part)


def _named(node: nodes.Node) -> str:
    return type(node).__name__.lower()


def _bytes(words: Words) -> int:
    return len((words.subject + words.text).encode())
