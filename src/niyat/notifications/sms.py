"""How long a text message is: what providers count, charge and cut by (3GPP TS 23.038 and 23.040).

In GSM-7 a message holds 160 characters, or 153 in each of several segments; `€`, `[` and a few more count twice. One
character that is not in that alphabet, such as `₹` or any of Devanagari, makes all of it UCS-2: 70, or 67 each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gsm0338 import Codec

MOST_SEGMENTS = 10
"""More than any message of ours needs, and below what providers refuse (1,600 characters)."""

WIDEST_SAMPLE = 6
"""Segments that a template may come to with sample data: names and places are longer in life."""

_GSM = Codec()
PLAINER = str.maketrans(
    {
        "₹": "Rs ",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "“": '"',
        "”": '"',
        "\N{EN DASH}": "-",
        "—": "-",
        "…": "...",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
    }
)


@dataclass(frozen=True, slots=True)
class Size:
    """`units`: septets of GSM-7, or 16-bit units of UCS-2."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def plain(text: str) -> str:
    """`text` with `₹` and typographic signs written plainly, if that is all that keeps it from GSM-7.

    An English message would otherwise cost more than twice as much for one sign.
    """
    plainer = text.translate(PLAINER)
    return plainer if _septets(plainer) is not None else text


def measure(text: str) -> Size:
    """What sending `text` takes."""
    septets = _septets(text)
    if septets is not None:
        return Size("GSM-7", sum(septets), _segments(septets, alone=160, each=153))
    units = [len(character.encode("utf-16-le")) // 2 for character in text]
    return Size("UCS-2", sum(units), _segments(units, alone=70, each=67))


def _septets(text: str) -> list[int] | None:
    """For each character, one or two; None where GSM-7 cannot write one."""
    try:
        return [len(_GSM.encode(character)[0]) for character in text]
    except UnicodeEncodeError:
        return None


def _segments(widths: Sequence[int], *, alone: int, each: int) -> int:
    """A character of two units is never cut in two."""
    if sum(widths) <= alone:
        return 1
    segments, room = 1, each
    for width in widths:
        if width > room:
            segments, room = segments + 1, each
        room -= width
    return segments
