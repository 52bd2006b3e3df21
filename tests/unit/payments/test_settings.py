"""Settings that would lose money stop the start."""

from __future__ import annotations

import pytest

from niyat.kernel.settings import Environment, SettingsWrong, load
from niyat.payments.settings import Capture, PaymentsSettings

KEYS = {"razorpay_key_id": "rzp_test_1", "razorpay_key_secret": "s", "razorpay_webhook_secret": "w"}


def test_capture_is_manual_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(PaymentsSettings, **KEYS).capture is Capture.MANUAL
    monkeypatch.setenv("NIYAT_PAYMENTS_CAPTURE", "automatic")
    assert load(PaymentsSettings, **KEYS).capture is Capture.AUTOMATIC


@pytest.mark.failure_row(17)
def test_test_keys_are_refused_in_production() -> None:
    with pytest.raises(SettingsWrong, match="test key"):
        load(PaymentsSettings, **KEYS, environment=Environment.PRODUCTION)


def test_the_vendors_names_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("RAZORPAY_WEBHOOK_SECRET_PREVIOUS", "old")
    assert load(PaymentsSettings).webhook_secrets == ("w", "old")


def test_missing_keys_are_named_without_their_values() -> None:
    with pytest.raises(SettingsWrong, match="RAZORPAY_KEY_ID"):
        load(PaymentsSettings, razorpay_key_secret="s", razorpay_webhook_secret="w")


def test_a_lease_outlives_the_longest_turn_of_three_calls() -> None:
    with pytest.raises(SettingsWrong, match="LEASE"):
        load(PaymentsSettings, **KEYS, lease_seconds=45, gateway_timeout_seconds=10)
    assert load(PaymentsSettings, **KEYS, lease_seconds=46, gateway_timeout_seconds=10).lease_seconds == 46
