"""Where mail and text messages go, from the environment."""

from __future__ import annotations

import pytest

from niyat.kernel.settings import SettingsWrong, load
from niyat.notifications.settings import NotificationsSettings

PRODUCTION = {
    "NIYAT_ENVIRONMENT": "production",
    "NIYAT_MAIL_HOST": "smtp.example.org",
    "NIYAT_MAIL_FROM": "Clinic <hello@example.org>",
    "NIYAT_CODES_KEY": "k" * 32,
    "NIYAT_ADDRESSES_KEY": "a" * 32,
}


def given(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> NotificationsSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load(NotificationsSettings)


def test_the_older_names_of_the_mail_server_are_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    older = {
        "SPRING_MAIL_HOST": "smtp.gmail.com",
        "SPRING_MAIL_PORT": "465",
        "SPRING_MAIL_USERNAME": "me",
        "SPRING_MAIL_PASSWORD": "secret-word",
        "NIYAT_MAIL_TLS": "implicit",
    }
    settings = given(monkeypatch, older)
    assert (settings.mail_host, settings.mail_port, settings.mail_username) == ("smtp.gmail.com", 465, "me")
    assert "secret-word" not in repr(settings)


def test_our_own_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given(monkeypatch, {"SPRING_MAIL_HOST": "a", "NIYAT_MAIL_HOST": "b"}).mail_host == "b"


def test_what_the_sandbox_knows_can_be_given_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIYAT_MAIL_HOST", "elsewhere")
    settings = load(
        NotificationsSettings,
        mail_host="127.0.0.1",
        mail_port=2525,
        twilio_account_sid="AC1",
        twilio_auth_token="t",
        twilio_from_number="+15550001111",
        twilio_base_url="http://127.0.0.1:1/twilio",
    )
    assert (settings.mail_host, settings.mail_port, settings.tls, settings.sms) == (
        "127.0.0.1",
        2525,
        "none",
        True,
    )


def test_text_messages_are_off_in_production_until_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    twilio = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM_NUMBER": "+15550001111"}
    settings = given(monkeypatch, PRODUCTION | twilio)
    assert not settings.sms
    assert settings.tls == "starttls"
    monkeypatch.setenv("NIYAT_SMS_ENABLED", "true")
    assert load(NotificationsSettings).sms


@pytest.mark.parametrize("missing", ["NIYAT_MAIL_HOST", "NIYAT_MAIL_FROM", "NIYAT_CODES_KEY"])
def test_production_does_not_start_without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(SettingsWrong, match=missing):
        given(monkeypatch, {name: value for name, value in PRODUCTION.items() if name != missing})


@pytest.mark.parametrize(
    "wrong",
    [
        {"NIYAT_SMS_ENABLED": "true"},
        {"NIYAT_MAIL_TLS": "none", "NIYAT_MAIL_USERNAME": "me"},
        {"NIYAT_MAIL_PORT": "0"},
    ],
)
def test_a_wrong_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsWrong, match=next(iter(wrong))):
        given(monkeypatch, PRODUCTION | wrong)
