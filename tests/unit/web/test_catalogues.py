"""Every language says everything that the pages can say."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog, Message

from niyat.gateway.web.shared.i18n import LANGUAGES, LOCALES, SOURCE_LANGUAGE, choose_language, translations
from tools.catalogue import extracted, kept

TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def _messages(catalogue: Catalog) -> dict[object, Message]:
    return {message.id: message for message in catalogue if message.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_of_the_pages_is_in_the_catalogue_and_no_other(language: str) -> None:
    needed, there = set(_messages(extracted())), set(_messages(kept(language)))
    assert needed - there == set(), "run `python -m tools.catalogue` and translate what it adds"
    assert there - needed == set(), "run `python -m tools.catalogue`: nothing says these any more"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_nothing_is_guessed(language: str) -> None:
    gaps = [
        message.id
        for message in _messages(kept(language)).values()
        if message.fuzzy or not all(message.string if isinstance(message.string, tuple) else [message.string])
    ]
    assert gaps == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_placeholders(language: str) -> None:
    catalogue = kept(language)
    wrong = [
        (message.id, str(error))
        for message in _messages(catalogue).values()
        for error in message.check(catalogue)
    ]
    assert wrong == []


def test_each_language_has_a_locale_and_speaks() -> None:
    assert set(LOCALES) == set(LANGUAGES)
    assert translations("en").gettext("Sign in") == "Sign in"
    assert translations("hi").gettext("Sign in") == "साइन इन"


@pytest.mark.parametrize(
    ("chosen", "accepts", "language"),
    [
        ("hi", "en", "hi"),
        (None, "hi-IN,hi;q=0.9,en;q=0.8", "hi"),
        (None, "en;q=0.4, hi;q=0.9", "hi"),
        (None, "ta-IN", "en"),
        (None, "hi;q=0", "en"),
        ("xx", "", "en"),
        (None, ";;;q=a,,", "en"),
    ],
)
def test_the_language_is_the_one_chosen_then_the_browsers_then_english(
    chosen: str | None, accepts: str, language: str
) -> None:
    assert choose_language(chosen, accepts) == language
