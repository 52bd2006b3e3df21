"""Wording that could not be sent, or does harm, is refused while it is still a draft, and says why."""

from __future__ import annotations

import pytest

from niyat.kernel.errors import NiyatError
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.drafts import Preview, previews, refuse_unless_sound
from niyat.notifications.errors import UndeclaredVariable, WordingRefused
from niyat.notifications.markup import faults
from niyat.notifications.rendering import Template

CONFIRMED = NotificationType.APPOINTMENT_CONFIRMED


def sms(text: str, language: str = "en") -> Template:
    return Template(1, "", text, "", language, NotificationChannel.SMS)


def mail(html: str = "<p>{{ when }}</p>", *, subject: str = "Hello", text: str = "{{ when }}") -> Template:
    return Template(1, subject, text, html)


def tried(template: Template, kind: NotificationType = CONFIRMED) -> list[Preview]:
    refuse_unless_sound(kind, template)
    return list(previews(kind, template))


@pytest.mark.parametrize("part", ["subject", "text", "html"])
def test_a_variable_that_the_type_does_not_have_is_named(part: str) -> None:
    parts = {"subject": "s", "text": "t", "html": "<p>h</p>"} | {part: "{{ diagnosis }}"}
    with pytest.raises(UndeclaredVariable) as refused:
        tried(mail(parts["html"], subject=parts["subject"], text=parts["text"]))
    assert refused.value.detail.startswith(f"{part}: diagnosis is no variable of APPOINTMENT_CONFIRMED")
    assert refused.value.extra["variables"] == ["diagnosis"]


def test_a_variable_of_another_type_is_refused_too() -> None:
    tried(sms("Your code {{ code }}"), NotificationType.SIGN_IN_CODE)
    with pytest.raises(UndeclaredVariable):
        tried(sms("Your code {{ code }}"))


@pytest.mark.parametrize(
    "text",
    [
        "{{ range(10) }}",
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ doctor.center(1000000000) }}",
        "{{ doctor | center(1000000000) }}",
        "{% for a in doctor %}{% for b in doctor %}x{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'layout.html' %}",
        "{% extends 'layout.html' %}",
        "{% import 'layout.html' as l %}",
        "{{ doctor.__class__.__mro__ }}",
        "{{ self }}",
        "{% if %}",
        "{{ when",
    ],
)
def test_what_could_loop_fill_the_memory_or_reach_out_is_refused(text: str) -> None:
    with pytest.raises(NiyatError):
        tried(sms(text))


def test_a_draft_is_tried_with_every_sample_so_that_a_rare_hole_is_found_too() -> None:
    with pytest.raises(WordingRefused, match="free"):
        tried(sms("{{ when }} {{ amount[0] }}"))


@pytest.mark.parametrize(
    ("text", "segments"), [("{{ when }}" + "a" * 1000, 7), ("{{ when }}" + "न" * 400, 7)]
)
def test_a_text_message_of_too_many_segments_is_refused_with_their_number(text: str, segments: int) -> None:
    with pytest.raises(WordingRefused) as refused:
        tried(sms(text))
    assert refused.value.extra["segments"] == segments


def test_a_preview_says_encoding_and_segments() -> None:
    [preview, *_] = tried(sms("{{ doctor }}, {{ when }}"))
    assert preview.size
    assert (preview.size.encoding, preview.size.segments) == ("GSM-7", 1)
    [preview, *_] = tried(sms("{{ doctor }}, {{ when }}", language="hi"))
    assert preview.size
    assert preview.size.encoding == "UCS-2"


@pytest.mark.parametrize(
    "template",
    [
        mail(subject=""),
        mail(html=""),
        Template(1, "subject", "text", "", "en", NotificationChannel.SMS),
        Template(1, "", "text", "", "en", NotificationChannel.PUSH),
        mail(text="{% if false %}x{% endif %}"),
        Template(1, "t", "x" * 1001, "", "en", NotificationChannel.PUSH),
    ],
)
def test_a_message_has_the_parts_of_its_channel_and_none_is_empty(template: Template) -> None:
    with pytest.raises(WordingRefused):
        tried(template)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<p>open",
        "</td></tr></table>",
        "<p><b>crossed</p></b>",
        '<img src="https://tracker.example/1.gif">',
        "<style>p { color: red }</style>",
        '<link rel="stylesheet" href="https://evil.example/a.css">',
        '<a href="javascript:alert(1)">x</a>',
        '<p onclick="x()">x</p>',
        '<p style="background:url(https://tracker.example)">x</p>',
        "<!-- a note to a colleague -->",
        "<!doctype html>",
    ],
)
def test_markup_that_does_harm_or_breaks_the_page_is_refused(html: str) -> None:
    assert faults(html)
    with pytest.raises(WordingRefused):
        tried(mail(html))


def test_plain_markup_is_let_in() -> None:
    assert faults('<p>One<br>two<br/></p><table class="card"><tr><td>x</td></tr></table>') == []
