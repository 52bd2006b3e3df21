"""The secrets of an embedded Niyat: made once, kept in its home with mode 0600, so that a restart changes nothing.

Whatever the environment gives wins; production gives all of them and never comes here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from niyat.kernel.private_file import write_private

NAMES = (
    "identity_code_secret",
    "gateway_client_secret",
    "payments_client_secret",
    "notifications_client_secret",
    "notifications_codes_key",
    "notifications_addresses_key",
    "razorpay_key_id",
    "razorpay_key_secret",
    "razorpay_webhook_secret",
    "twilio_account_sid",
    "twilio_auth_token",
    "mail_bounces_secret",
    "fcm_private_key",
    "video_jitsi_app_id",
    "video_jitsi_app_secret",
)


def load_or_create(home: Path) -> Mapping[str, str]:
    """Every name with its secret; those that `home` lacks are made and saved."""
    path = home / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    complete = {name: fresh(name) for name in NAMES} | known
    if complete != known:
        write_private(path, json.dumps(complete, indent=1))
    return complete


def fresh(name: str) -> str:
    match name:
        case "razorpay_key_id":
            return "rzp_test_" + secrets.token_hex(7)
        case "twilio_account_sid":
            return "AC" + secrets.token_hex(16)
        case "fcm_private_key":
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode()
        case _:
            return secrets.token_urlsafe(32)
