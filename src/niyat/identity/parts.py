"""What identity works with."""

from __future__ import annotations

from dataclasses import dataclass

from niyat.identity.hashing import Keyed
from niyat.identity.ports import CodeSender
from niyat.identity.settings import IdentitySettings
from niyat.identity.tokens import Tokens
from niyat.kernel.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Its database and settings, what hashes and signs, and who sends codes."""

    db: Database
    settings: IdentitySettings
    keyed: Keyed
    tokens: Tokens
    sender: CodeSender
