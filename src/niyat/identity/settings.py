"""What identity needs to know. Secrets have no default: the sandbox makes and keeps them, production gives them."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from niyat.identity.domain import Limit, Limits, calling_code


class IdentitySettings(BaseSettings):
    """From NIYAT_IDENTITY_…"""

    model_config = SettingsConfigDict(env_prefix="NIYAT_IDENTITY_", extra="ignore")

    code_secret: SecretStr = Field(
        min_length=32,
        description="Keys the hashes of codes and encrypts the signing keys. A new one ends codes that are under way",
    )
    default_region: str = Field(
        default="IN", pattern="^[A-Z]{2}$", description="Of phone numbers without country code"
    )

    resend_after_seconds: int = Field(default=30, ge=1, description="Between two codes to one address")
    codes_per_address_in_15_minutes: int = Field(default=5, ge=1)
    codes_per_address_in_a_day: int = Field(default=20, ge=1)
    codes_per_ip_in_15_minutes: int = Field(default=60, ge=1, description="A clinic's patients may share one")
    codes_per_ip_in_a_day: int = Field(default=1000, ge=1)
    codes_per_country_in_an_hour: int = Field(
        default=100,
        ge=1,
        description="By text message, to numbers of any one country but `default_region`: some numbers earn by them",
    )
    wrong_codes_per_address_in_a_day: int = Field(
        default=30,
        ge=5,
        description="Entered, over all of its codes; then none is looked at until the next day",
    )
    wrong_codes_per_ip_in_15_minutes: int = Field(
        default=40, ge=5, description="Entered for codes that were asked for from one IP address"
    )
    wrong_codes_per_ip_in_a_day: int = Field(default=400, ge=5)

    # The secrets by which the other services get their tokens; those given are (re)set at start.
    gateway_client_secret: SecretStr | None = None
    payments_client_secret: SecretStr | None = None
    notifications_client_secret: SecretStr | None = None

    @property
    def limits(self) -> Limits:
        """How many codes may be asked for, and how many wrong ones entered."""
        quarter, day = timedelta(minutes=15), timedelta(days=1)
        return Limits(
            address=[
                Limit(1, timedelta(seconds=self.resend_after_seconds)),
                Limit(self.codes_per_address_in_15_minutes, quarter),
                Limit(self.codes_per_address_in_a_day, day),
            ],
            requester=[
                Limit(self.codes_per_ip_in_15_minutes, quarter),
                Limit(self.codes_per_ip_in_a_day, day),
            ],
            country=[Limit(self.codes_per_country_in_an_hour, timedelta(hours=1))],
            home=calling_code(self.default_region),
            wrong_of_address=[Limit(self.wrong_codes_per_address_in_a_day, day)],
            wrong_of_requester=[
                Limit(self.wrong_codes_per_ip_in_15_minutes, quarter),
                Limit(self.wrong_codes_per_ip_in_a_day, day),
            ],
        )

    @property
    def client_secrets(self) -> dict[str, SecretStr]:
        """Service → its secret."""
        secrets = {
            "gateway": self.gateway_client_secret,
            "payments": self.payments_client_secret,
            "notifications": self.notifications_client_secret,
        }
        return {name: secret for name, secret in secrets.items() if secret is not None}
