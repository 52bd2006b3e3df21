"""Identity does not start with a secret that is missing or weak."""

from __future__ import annotations

import pytest

from niyat.identity.settings import IdentitySettings
from niyat.kernel.settings import SettingsWrong, load


def test_the_secret_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIYAT_IDENTITY_CODE_SECRET", raising=False)
    with pytest.raises(SettingsWrong, match="NIYAT_IDENTITY_CODE_SECRET"):
        load(IdentitySettings)


def test_a_short_secret_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIYAT_IDENTITY_CODE_SECRET", "hunter2")
    with pytest.raises(SettingsWrong, match="NIYAT_IDENTITY_CODE_SECRET") as wrong:
        load(IdentitySettings)
    assert "hunter2" not in str(wrong.value)


def test_services_whose_secret_is_given_get_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIYAT_IDENTITY_CODE_SECRET", "x" * 32)
    monkeypatch.setenv("NIYAT_IDENTITY_PAYMENTS_CLIENT_SECRET", "y" * 32)
    settings = load(IdentitySettings)
    assert list(settings.client_secrets) == ["payments"]
    assert "yyy" not in repr(settings)
