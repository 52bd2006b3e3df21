"""Languages. English is that of the source; every other has a gettext catalogue in `locale/<language>.po`.

The catalogues are read when first needed, so there is no build step; `python -m tools.catalogue` brings them
up to date with the source, and a test refuses gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALE_DIRECTORY = Path(__file__).parent / "locale"

# What a language calls itself, in the order in which it is offered.
LANGUAGES = {"en": "English", "hi": "हिन्दी"}
SOURCE_LANGUAGE = "en"

# The CLDR locale behind each language: it decides how dates, numbers and money are written.
LOCALES = {"en": "en_IN", "hi": "hi_IN"}


def catalogue_path(language: str) -> Path:
    """Where this language's catalogue is kept."""
    return LOCALE_DIRECTORY / f"{language}.po"


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of one of LANGUAGES, ready for Jinja or for `.gettext`."""
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    with catalogue_path(language).open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def choose_language(chosen: str | None, accept_language: str = "") -> str:
    """What the person chose before, else the best of the browser's `Accept-Language`, else English."""
    if chosen in LANGUAGES:
        return chosen
    return negotiate_locale(_by_preference(accept_language), list(LANGUAGES), sep="-") or SOURCE_LANGUAGE


def _by_preference(accept_language: str) -> Sequence[str]:
    weighted: list[tuple[float, str]] = []
    for part in accept_language[:1000].split(","):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if tag.strip() and weight > 0:
            weighted.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]
