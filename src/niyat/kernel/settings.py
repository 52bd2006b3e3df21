"""Settings come from the environment and are checked once, at start; a wrong one stops the start with its name.

Each service declares its own beside this one (`payments/settings.py`). Secrets are `SecretStr`, so that no log
or traceback shows them. What has no default outside the sandbox must be given.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_network
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from niyat.kernel.crash import VARIABLE, armed


class Environment(StrEnum):
    """Where this runs: `sandbox` uses stand-ins for every provider, `production` refuses them."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """What every process needs to know."""

    model_config = SettingsConfigDict(env_prefix="NIYAT_", extra="ignore")

    environment: Environment = Environment.SANDBOX
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        pattern=r"^https?://[^/]+$",
        description="Where patients reach it, as links in messages and calendars say it",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses and networks, by commas, whose X-Forwarded-For and -Proto are believed; else nobody's",
    )
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_json: bool = False
    postgres_url: SecretStr | None = Field(
        default=None,
        description="A PostgreSQL 18 with the right to make roles and databases; else the embedded one",
    )
    token_issuer: str = "niyat"  # noqa: S105

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in filter(None, map(str.strip, value.split(","))):
            ip_network(one)  # a name would be believed by nobody, without a word
        return value

    @model_validator(mode="after")
    def _no_crash_points_in_production(self) -> Settings:
        if self.environment is Environment.PRODUCTION and armed():
            raise ValueError(f"{VARIABLE} is for tests and would kill this process")
        return self


class SettingsWrong(Exception):
    """The environment holds a setting that is missing or not allowed."""


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S], **known: object) -> S:
    """Read `kind` from the environment; `known` values come from the composition root and win.

    Raises SettingsWrong, naming each variable and what is allowed, never its value.
    """
    try:
        return kind(**known)  # type: ignore[arg-type]
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        lines = [_line(prefix, e["loc"], e["msg"]) for e in error.errors()]
        raise SettingsWrong("\n".join(lines)) from None


def _line(prefix: str, loc: tuple[int | str, ...], message: str) -> str:
    """`NIYAT_PORT: what is allowed`. A field with a name of its own (RAZORPAY_KEY_ID) is reported by that."""
    message = message.removeprefix("Value error, ")
    if not loc:
        return message
    name = str(loc[0])
    return f"{name if name.isupper() else (prefix + name).upper()}: {message}"
