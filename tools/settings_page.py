"""Writes `docs/settings.md` from the settings that each service declares: `python -m tools.settings_page`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from niyat.appointments.settings import AppointmentsSettings
from niyat.gateway.settings import GatewaySettings
from niyat.identity.settings import IdentitySettings
from niyat.kernel.settings import Settings
from niyat.notifications.settings import NotificationsSettings
from niyat.payments.settings import PaymentsSettings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

HEAD = """\
# Settings

Generated from each service's `settings.py` by `python -m tools.settings_page`; do not edit. Settings are environment
variables, read once at start; a wrong one stops the start and is named. `make up` needs none: in the sandbox, what has
no default here is made or stood in for.
"""

KINDS: dict[str, type[BaseSettings]] = {
    "Every process": Settings,
    "The gateway": GatewaySettings,
    "Identity": IdentitySettings,
    "Appointments": AppointmentsSettings,
    "Payments": PaymentsSettings,
    "Notifications": NotificationsSettings,
}


def page() -> str:
    """The page as it should be."""
    known: set[str] = set()
    return HEAD + "".join(_section(title, kind, known) for title, kind in KINDS.items())


def _section(title: str, kind: type[BaseSettings], known: set[str]) -> str:
    """One service's own settings; what several read is told once, in `known` from then on."""
    rows = []
    for name, field in kind.model_fields.items():
        names = list(_variables(kind, name, field))
        if names[0] not in known:
            rows.append(
                f"| {', '.join(f'`{each}`' for each in names)} | {_default(field)} | {_what(field)} |\n"
            )
        known.update(names)
    return f"\n## {title}\n| variable | default | |\n|---|---|---|\n{''.join(rows)}"


def _variables(kind: type[BaseSettings], name: str, field: FieldInfo) -> Iterator[str]:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        yield from (str(choice) for choice in alias.choices)
    else:
        yield str(alias or kind.model_config.get("env_prefix", "") + name).upper()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if value is None or value == "":
        return "–"
    return f"`{value if isinstance(value, str | Decimal) else json.dumps(value)}`"


def _what(field: FieldInfo) -> str:
    kind = field.annotation
    allowed = (
        " or ".join(f"`{each.value}`" for each in kind)
        if isinstance(kind, type) and issubclass(kind, Enum)
        else ""
    )
    return (field.description or allowed).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
