"""A wrong setting stops the start with its name and what is allowed, never with its value."""

from __future__ import annotations

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from niyat.kernel.settings import Settings, SettingsWrong, load


class Vendor(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="NIYAT_", extra="ignore")

    workers: int = Field(default=1, ge=1)
    key: SecretStr = Field(validation_alias="VENDOR_KEY", min_length=8)


def test_each_wrong_variable_is_named_as_the_operator_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIYAT_WORKERS", "none")
    monkeypatch.setenv("VENDOR_KEY", "hush")
    with pytest.raises(SettingsWrong) as wrong:
        load(Vendor)
    assert "NIYAT_WORKERS: " in str(wrong.value)
    assert "VENDOR_KEY: " in str(wrong.value)
    assert "hush" not in str(wrong.value)


def test_production_does_not_start_with_a_crash_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIYAT_ENVIRONMENT", "production")
    monkeypatch.setenv("NIYAT_CRASH_AT", "outbox:committed")
    with pytest.raises(SettingsWrong, match="NIYAT_CRASH_AT"):
        load(Settings)
