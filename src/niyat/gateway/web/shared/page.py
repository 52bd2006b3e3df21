"""What the layout of every page needs to know about who is looking, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Theme = Literal["system", "light", "dark"]
Tone = Literal["info", "success", "warning", "danger"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who is signed in. `has_email`: as far as is known here; only then are receipts mailed."""

    name: str
    has_email: bool = True
    role: Literal["patient", "doctor", "admin"] = "patient"


@dataclass(frozen=True, kw_only=True)
class Toast:
    """A short word about what was just done; it needs no answer. `text` is in the viewer's language."""

    text: str
    tone: Tone = "success"


@dataclass(frozen=True, kw_only=True)
class Page:
    """`zone` is the viewer's, by hand if `zone_chosen`, a guess unless `zone_known`; `path` is the page's own address
    with its query; `csrf` goes into every form; `live` is the address of the hints, if the page has any.
    """

    language: str
    zone: str
    now: datetime
    zone_chosen: bool = False
    zone_known: bool = True
    path: str = "/"
    theme: Theme = "system"
    csrf: str = ""
    account: Account | None = None
    toasts: tuple[Toast, ...] = ()
    live: str | None = None
