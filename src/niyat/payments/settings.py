"""What payments must be told. The gateway's variables keep the vendor's names, without our prefix."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from niyat.kernel.fields import TimeZone
from niyat.kernel.settings import Environment
from niyat.payments.commission import Terms
from niyat.payments.payouts import LEAST, PayoutSchedule, Weekday

Percent: TypeAlias = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
LIVE_URL = "https://api.razorpay.com"


class Capture(StrEnum):
    """Manual: authorise, secure the slot, then capture. Automatic: the gateway captures at once."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class PaymentsSettings(BaseSettings):
    """Settings of the payments service."""

    model_config = SettingsConfigDict(env_prefix="NIYAT_PAYMENTS_", extra="ignore", populate_by_name=True)

    environment: Environment = Field(default=Environment.SANDBOX, validation_alias="NIYAT_ENVIRONMENT")
    public_url: str = Field(
        default="http://127.0.0.1:8080", pattern=r"^https?://[^/]+$", validation_alias="NIYAT_PUBLIC_URL"
    )

    razorpay_key_id: str = Field(validation_alias="RAZORPAY_KEY_ID", min_length=1)
    razorpay_key_secret: SecretStr = Field(validation_alias="RAZORPAY_KEY_SECRET", min_length=1)
    razorpay_webhook_secret: SecretStr = Field(validation_alias="RAZORPAY_WEBHOOK_SECRET", min_length=1)
    razorpay_webhook_secret_previous: SecretStr | None = Field(
        default=None,
        validation_alias="RAZORPAY_WEBHOOK_SECRET_PREVIOUS",
        description="While a secret is rotated",
    )
    razorpay_account_id: str | None = Field(
        default=None,
        validation_alias="RAZORPAY_ACCOUNT_ID",
        description="Webhooks of another account are refused",
    )
    razorpay_base_url: str = Field(
        default=LIVE_URL, validation_alias="RAZORPAY_BASE_URL", pattern=r"^https?://[^?#]+[^/?#]$"
    )

    capture: Capture = Capture.MANUAL
    capture_window_minutes: int = Field(
        default=720, ge=12, le=7200, description="After that the gateway gives back what was not captured"
    )
    gateway_timeout_seconds: float = Field(default=8.0, gt=0, le=60)
    gateway_threads: int = Field(default=8, ge=1, le=64)
    verify_wait_seconds: float = Field(
        default=4.0, ge=0, le=20, description="How long verify waits for capture"
    )
    lease_seconds: int = Field(
        default=60, ge=5, description="How long one worker may be at one attempt or refund"
    )
    sweep_after_seconds: int = Field(
        default=120, ge=0, description="Captured and not confirmed: ask appointments"
    )
    webhook_silence_minutes: int = Field(
        default=60, ge=5, description="Money was taken and no webhook came for so long: staff are told"
    )
    settlement_overdue_days: int = Field(
        default=7,
        ge=1,
        le=60,
        description="Captured longer ago and in no settlement's report: named as missing",
    )
    clinic_time_zone: TimeZone = Field(
        default="Asia/Kolkata",
        description="Its calendar decides the books' days and a receipt's financial year",
    )
    clinic_tax_number: str = Field(
        default="", max_length=30, description="Printed on receipts (in India the GSTIN)"
    )
    service_code: str = Field(
        default="999312", max_length=20, description="Printed on receipts (in India the SAC of the service)"
    )
    service_tax_percent: int = Field(
        default=0, ge=0, le=40, description="GST inside the price of a visit; 0: exempt"
    )
    service_tax_exemption: str = Field(
        default="Exempt health care service (Notification 12/2017-Central Tax (Rate), entry 74)",
        max_length=200,
        description="Printed on receipts where no tax is charged",
    )
    commission_percent: Percent = Field(
        default=Decimal(0), description="Ours of what a visit earns, its tax included"
    )
    commission_tax_percent: Percent = Field(
        default=Decimal(18), description="Inside the commission: 18 means 18/118"
    )

    razorpayx_account_number: str | None = Field(
        default=None,
        validation_alias="RAZORPAYX_ACCOUNT_NUMBER",
        pattern=r"^[A-Za-z0-9]{5,40}$",
        description="The business account that doctors are paid from; without it nobody is paid out",
    )
    payout_schedule: PayoutSchedule = Field(
        default=PayoutSchedule.WEEKLY,
        description="When payouts are proposed on their own: `off`, `daily`, `weekly`",
    )
    payout_weekday: Weekday = Weekday.MONDAY
    payout_minimum_amount: int = Field(
        default=10_000, ge=LEAST, description="Minor units; who is owed less waits"
    )
    payout_hold_back_days: int = Field(
        default=7, ge=0, le=365, description="So long after a visit its money is not proposed"
    )

    @model_validator(mode="after")
    def _no_test_keys_in_production(self) -> PaymentsSettings:
        if self.environment is Environment.PRODUCTION and self.razorpay_key_id.startswith("rzp_test_"):
            raise ValueError("RAZORPAY_KEY_ID is a test key; production needs a live one")
        # The longest turn: a payout is looked up, sent, and looked up again, each for one and a half timeouts.
        if self.lease_seconds <= 4.5 * self.gateway_timeout_seconds:
            raise ValueError(
                "NIYAT_PAYMENTS_LEASE_SECONDS must exceed 4.5 times NIYAT_PAYMENTS_GATEWAY_TIMEOUT_SECONDS"
            )
        return self

    @property
    def terms(self) -> Terms:
        """How what a visit earns is divided from now on."""
        return Terms(self.commission_percent, self.commission_tax_percent, Decimal(self.service_tax_percent))

    @property
    def longest_call_seconds(self) -> float:
        """After this a call of ours has had its effect at the gateway, or never will: twice the timeout and more."""
        return 2 * self.gateway_timeout_seconds + 5

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The current secret and, while it is rotated, the previous one."""
        known = (self.razorpay_webhook_secret, self.razorpay_webhook_secret_previous)
        return tuple(secret.get_secret_value() for secret in known if secret is not None)
