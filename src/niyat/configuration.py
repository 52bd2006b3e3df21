"""Every service's settings, read together before anything starts; and what the sandbox provides where nothing is set.

A provider that the environment names (its host or key) is used as it is. Otherwise, outside production, the
sandbox stands in for it with keys made at first start.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from pydantic import SecretStr

from niyat.appointments.settings import AppointmentsSettings
from niyat.gateway.settings import GatewaySettings
from niyat.identity.settings import IdentitySettings
from niyat.kernel.settings import Environment, Settings, load
from niyat.notifications.settings import NotificationsSettings
from niyat.payments.settings import PaymentsSettings

SANDBOX_SMS_SENDER = "+15005550006"
SANDBOX_PAYOUT_ACCOUNT = "7878780080316316"
VIDEO_PROVIDERS = ("PROVIDER", "JITSI", "JAAS", "DAILY")
SANDBOX_RETURN_PATH = "bounces@niyat.invalid"
SANDBOX_PROJECT = {"project_id": "niyat-sandbox", "client_email": "push@niyat-sandbox.invalid"}
BOUNCES_PATH = "/api/v1/notifications/bounces"
WEBHOOK_PATH = "/api/v1/payments/webhook"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings of every service, and the secrets by which services get their tokens from identity."""

    common: Settings
    identity: IdentitySettings
    appointments: AppointmentsSettings
    payments: PaymentsSettings
    notifications: NotificationsSettings
    gateway: GatewaySettings


def from_environment(
    common: Settings, provided: Mapping[str, Mapping[str, Any]] | None = None
) -> Configuration:
    """Read all settings; `provided` (service → field → value) fills what the environment leaves out.

    Raises SettingsWrong, naming what is missing or not allowed.
    """
    given = provided or {}
    shared = {"environment": common.environment, "public_url": common.public_url}
    return Configuration(
        common=common,
        identity=load(IdentitySettings, **given.get("identity", {})),
        appointments=load(AppointmentsSettings, **given.get("appointments", {})),
        payments=load(PaymentsSettings, **shared, **given.get("payments", {})),
        notifications=load(NotificationsSettings, **shared, **given.get("notifications", {})),
        gateway=load(GatewaySettings, **given.get("gateway", {})),
    )


def provided_by_sandbox(
    secrets: Mapping[str, str], sandbox_url: str, mail_port: int
) -> dict[str, Mapping[str, Any]]:
    """What the sandbox and the secrets of this home provide, for every provider that the environment does not name."""
    provided: dict[str, dict[str, Any]] = {
        "identity": {
            "code_secret": SecretStr(secrets["identity_code_secret"]),
            "gateway_client_secret": SecretStr(secrets["gateway_client_secret"]),
            "payments_client_secret": SecretStr(secrets["payments_client_secret"]),
            "notifications_client_secret": SecretStr(secrets["notifications_client_secret"]),
        },
        "payments": {},
        "notifications": {
            "codes_key": SecretStr(secrets["notifications_codes_key"]),
            "addresses_key": SecretStr(secrets["notifications_addresses_key"]),
        },
    }
    if "RAZORPAY_KEY_ID" not in os.environ:
        provided["payments"] = {
            "razorpay_key_id": secrets["razorpay_key_id"],
            "razorpay_key_secret": SecretStr(secrets["razorpay_key_secret"]),
            "razorpay_webhook_secret": SecretStr(secrets["razorpay_webhook_secret"]),
            "razorpay_base_url": f"{sandbox_url}/razorpay",
            "razorpayx_account_number": SANDBOX_PAYOUT_ACCOUNT,
        }
        provided["gateway"] = {
            "checkout_script": f"{sandbox_url}/razorpay/checkout.js",
            "checkout_page": f"{sandbox_url}/razorpay/v1/checkout/embedded",
        }
    if not {"NIYAT_MAIL_HOST", "SPRING_MAIL_HOST"} & os.environ.keys():
        provided["notifications"] |= {
            "mail_host": "127.0.0.1",
            "mail_port": mail_port,
            "mail_bounces_to": SANDBOX_RETURN_PATH,
            "mail_bounces_secret": SecretStr(secrets["mail_bounces_secret"]),
        }
    if "TWILIO_ACCOUNT_SID" not in os.environ:
        provided["notifications"] |= {
            "twilio_account_sid": secrets["twilio_account_sid"],
            "twilio_auth_token": SecretStr(secrets["twilio_auth_token"]),
            "twilio_from_number": SANDBOX_SMS_SENDER,
            "twilio_base_url": f"{sandbox_url}/twilio",
        }
    if "FCM_SERVICE_ACCOUNT" not in os.environ:
        provided["notifications"] |= {
            "fcm_service_account": SecretStr(_service_account(secrets, sandbox_url)),
            "fcm_base_url": f"{sandbox_url}/fcm",
        }
    if not any(name.startswith(tuple(f"NIYAT_VIDEO_{p}" for p in VIDEO_PROVIDERS)) for name in os.environ):
        provided["appointments"] = {
            "video_provider": "jitsi",
            "video_jitsi_url": f"{sandbox_url}/jitsi",
            "video_jitsi_app_id": secrets["video_jitsi_app_id"],
            "video_jitsi_app_secret": SecretStr(secrets["video_jitsi_app_secret"]),
        }
    return dict(provided)


async def register_at_sandbox(secrets: Mapping[str, str], sandbox_url: str, public_url: str) -> None:
    """Tell the sandbox our keys and where our webhook is; it may be told again."""
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=10, trust_env=False) as sandbox:
        merchant = {name: secrets[f"razorpay_{name}"] for name in ("key_id", "key_secret", "webhook_secret")}
        phone = {"account_sid": secrets["twilio_account_sid"], "auth_token": secrets["twilio_auth_token"]}
        video = {name: secrets[f"video_jitsi_{name}"] for name in ("app_id", "app_secret")}
        returns = {
            "address": SANDBOX_RETURN_PATH,
            "url": public_url + BOUNCES_PATH,
            "secret": secrets["mail_bounces_secret"],
        }
        push = SANDBOX_PROJECT | {"public_key": _public_key(secrets["fcm_private_key"])}
        for path, body in (
            ("/control/accounts", merchant | {"webhook_url": public_url + WEBHOOK_PATH}),
            ("/control/phone/accounts", phone),
            ("/control/mail/returns", returns),
            ("/control/push/projects", push),
            ("/control/video/jitsi", video),
        ):
            (await sandbox.post(path, json=body)).raise_for_status()


def _service_account(secrets: Mapping[str, str], sandbox_url: str) -> str:
    """A key file as Google hands them out, for the sandbox's project."""
    known = {
        "type": "service_account",
        "private_key_id": "sandbox",
        "private_key": secrets["fcm_private_key"],
        "token_uri": f"{sandbox_url}/fcm/token",
    }
    return json.dumps(SANDBOX_PROJECT | known)


def _public_key(private_key: str) -> str:
    public = load_pem_private_key(private_key.encode(), password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def is_sandboxed(common: Settings) -> bool:
    """Whether stand-ins may be used at all."""
    return common.environment is not Environment.PRODUCTION
