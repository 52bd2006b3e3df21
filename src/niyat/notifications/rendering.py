"""From a template and facts to words. Templates come from the database, so they run in Jinja's sandbox.

A name that a template uses and the facts lack is an error (`StrictUndefined`): nobody gets a mail with a hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from css_inline import CSSInliner
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from niyat.kernel.local_time import DEFAULT_LANGUAGE
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.errors import TemplateWrong, TextTooLong
from niyat.notifications.sms import MOST_SEGMENTS, measure, plain

TEMPLATES = Path(__file__).parent / "templates"

# Nothing is fetched while a mail is written, whatever a template links to.
INLINER = CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Template:
    """One version of the wording of one message on one channel in one language."""

    version: int
    subject: str
    text: str
    html: str
    language: str = DEFAULT_LANGUAGE
    channel: str = NotificationChannel.EMAIL


@dataclass(frozen=True, slots=True)
class Words:
    """A message ready to send; `subject` (a push message's title) and `html` are empty where the channel has none."""

    subject: str
    text: str
    html: str


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=autoescape, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()  # what a template may name is what is declared for its type
    return environment


PLAIN = _environment(autoescape=False)
HTML = _environment(autoescape=True)


def render(template: Template, facts: Mapping[str, Any]) -> Words:
    """The words of `template` with these facts. Raises TemplateWrong; TextTooLong for a text message."""
    try:
        subject = " ".join(_compiled(PLAIN, template.subject).render(facts).split())
        text = _compiled(PLAIN, template.text).render(facts).strip() + "\n"
        html = _mail(template.html, facts, subject) if template.html else ""
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateWrong(f"{TemplateWrong.__doc__} ({type(error).__name__})", why=str(error)) from error
    if template.channel == NotificationChannel.SMS:
        text = plain(text.strip())
        if measure(text).segments > MOST_SEGMENTS:
            raise TextTooLong
    return Words(subject, text, html)


def _mail(source: str, facts: Mapping[str, Any], subject: str) -> str:
    """The whole page, each element with its own style: mail programs drop style sheets."""
    body = _compiled(HTML, source).render(facts)
    page = _compiled(HTML, _layout()).render({**facts, "subject": subject, "body": body})
    return INLINER.inline(page)


@lru_cache(maxsize=1_000)  # compiling takes longer than all the rest; every live wording fits in
def _compiled(environment: ImmutableSandboxedEnvironment, source: str) -> jinja2.Template:
    return environment.from_string(source)


@lru_cache(maxsize=1)
def _layout() -> str:
    return (TEMPLATES / "layout.html").read_text()
