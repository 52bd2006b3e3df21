"""Half a video provider stops the start, with the names of what is missing."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from niyat.appointments.settings import AppointmentsSettings
from niyat.appointments.video_settings import VideoProvider
from niyat.kernel.settings import SettingsWrong, load

SECRET = "a secret of thirty-two characters, or more"


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> AppointmentsSettings:
    for name, value in variables.items():
        monkeypatch.setenv(f"NIYAT_VIDEO_{name}", value)
    return load(AppointmentsSettings)


def test_there_is_no_video_unless_a_provider_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given(monkeypatch).video_provider is None


@pytest.mark.parametrize(
    ("provider", "missing"),
    [
        ("jitsi", ("JITSI_URL", "JITSI_APP_ID", "JITSI_APP_SECRET")),
        ("jaas", ("JAAS_KEY_ID", "JAAS_PRIVATE_KEY")),
        ("daily", ("DAILY_API_KEY",)),
    ],
)
def test_a_provider_without_its_keys_is_refused(
    monkeypatch: pytest.MonkeyPatch, provider: str, missing: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsWrong) as refused:
        given(monkeypatch, PROVIDER=provider)
    assert all(f"NIYAT_VIDEO_{name}" in str(refused.value) for name in missing)


def test_keys_without_a_provider_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsWrong, match="NIYAT_VIDEO_PROVIDER is needed with NIYAT_VIDEO_DAILY_API_KEY"):
        given(monkeypatch, DAILY_API_KEY="k")


def test_an_unknown_provider_and_a_short_secret_are_named_but_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsWrong, match="NIYAT_VIDEO_PROVIDER"):
        given(monkeypatch, PROVIDER="zoom")
    with pytest.raises(SettingsWrong, match="NIYAT_VIDEO_JITSI_APP_SECRET") as refused:
        given(monkeypatch, JITSI_APP_SECRET="short-one")
    assert "short-one" not in str(refused.value)


def test_a_server_of_ones_own_is_reached_by_https(monkeypatch: pytest.MonkeyPatch) -> None:
    server = {"PROVIDER": "jitsi", "JITSI_APP_ID": "niyat", "JITSI_APP_SECRET": SECRET}
    with pytest.raises(SettingsWrong, match="NIYAT_VIDEO_JITSI_URL: must be https"):
        given(monkeypatch, **server, JITSI_URL="http://meet.clinic.example")
    assert given(monkeypatch, JITSI_URL="https://meet.clinic.example").video_provider is VideoProvider.JITSI


def test_a_private_key_may_come_on_one_line_but_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    jaas = {"PROVIDER": "jaas", "JAAS_KEY_ID": "vpaas-magic-cookie-1fc542/4f4910"}
    with pytest.raises(SettingsWrong, match="NIYAT_VIDEO_JAAS_PRIVATE_KEY: must be a private key"):
        given(monkeypatch, **jaas, JAAS_PRIVATE_KEY="-----BEGIN PRIVATE KEY-----")
    kept = given(monkeypatch, JAAS_PRIVATE_KEY=pem.replace("\n", "\\n")).video_jaas_private_key
    assert kept is not None
    assert kept.get_secret_value() == pem
