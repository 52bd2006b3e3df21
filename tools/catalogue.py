"""Brings the catalogues up to date with the templates and the code: `python -m tools.catalogue`.

New messages are added empty, those that are gone are dropped, translations are kept. Nothing is guessed.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from niyat.gateway.web.shared.i18n import LANGUAGES, SOURCE_LANGUAGE, catalogue_path
from niyat.gateway.web.shared.render import WEB_DIRECTORY

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}

HEADER = "# Brought up to date by `python -m tools.catalogue`; a test refuses gaps."


def extracted(directory: Path = WEB_DIRECTORY) -> Catalog:
    """Every message that the pages can say."""
    catalogue = Catalog()
    found = extract_from_dir(directory, METHODS, OPTIONS, KEYWORDS, comment_tags=("translators:",))
    for path, _, message, comments, context in found:
        catalogue.add(
            message, locations=[(Path(path).as_posix(), 0)], auto_comments=comments, context=context
        )
    return catalogue


def kept(language: str) -> Catalog:
    """The catalogue as it is on disk."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language, project="niyat", version="1", copyright_holder="the Niyat authors")
    return read_po(BytesIO(path.read_bytes()), locale=language)


def main() -> None:
    template = extracted()
    for language in LANGUAGES:
        if language == SOURCE_LANGUAGE:
            continue
        catalogue = kept(language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.header_comment = HEADER
        catalogue.fuzzy = False
        with catalogue_path(language).open("wb") as out:
            write_po(out, catalogue, width=110, no_location=True, ignore_obsolete=True)


if __name__ == "__main__":
    main()
