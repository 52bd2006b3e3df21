"""Settings of notifications. The mail server's variables are also read under the names SPRING_MAIL_HOST and so on."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from niyat.kernel.settings import Environment

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _mail(name: str) -> AliasChoices:
    return AliasChoices(f"NIYAT_MAIL_{name}", f"SPRING_MAIL_{name}")


@dataclass(frozen=True, kw_only=True)
class TwilioSettings:
    """Whose account text messages are sent from. `base_url` replaces https://api.twilio.com, for the sandbox."""

    account_sid: str
    auth_token: SecretStr
    from_number: str
    base_url: str | None
    timeout_seconds: float


class NotificationsSettings(BaseSettings):
    """Without a mail server and, where SMS is on, without Twilio's credentials, production does not start."""

    model_config = SettingsConfigDict(env_prefix="NIYAT_", extra="ignore", populate_by_name=True)

    environment: Environment = Environment.SANDBOX

    mail_host: str | None = Field(default=None, validation_alias=_mail("HOST"))
    mail_port: int = Field(default=587, ge=1, le=65535, validation_alias=_mail("PORT"))
    mail_username: str | None = Field(default=None, validation_alias=_mail("USERNAME"))
    mail_password: SecretStr | None = Field(default=None, validation_alias=_mail("PASSWORD"))
    mail_tls: Literal["starttls", "implicit", "none"] | None = Field(
        default=None, description="`starttls` in production, `none` in the sandbox, unless set"
    )
    mail_from: str = "Niyat <no-reply@niyat.invalid>"
    mail_timeout_seconds: float = Field(default=10, gt=0, le=30)

    sms_enabled: bool | None = Field(
        default=None, description="Off in production, on in the sandbox, unless set"
    )
    twilio_account_sid: str | None = Field(default=None, validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr | None = Field(default=None, validation_alias="TWILIO_AUTH_TOKEN")
    twilio_from_number: str | None = Field(default=None, validation_alias="TWILIO_FROM_NUMBER")
    twilio_base_url: str | None = Field(default=None, validation_alias="TWILIO_BASE_URL")
    twilio_timeout_seconds: float = Field(default=10, gt=0, le=30)

    codes_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Seals sign-in codes while they wait to be sent, and signs the links that turn mails off;"
        " the same in every process of this service",
    )

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def tls(self) -> Literal["starttls", "implicit", "none"]:
        return self.mail_tls or ("starttls" if self.production else "none")

    @property
    def sms(self) -> bool:
        """Whether text messages are sent."""
        if self.sms_enabled is not None:
            return self.sms_enabled
        return not self.production and self.twilio_account_sid is not None

    @property
    def twilio(self) -> TwilioSettings | None:
        """None where text messages are switched off."""
        if not (self.sms and self.twilio_account_sid and self.twilio_auth_token and self.twilio_from_number):
            return None
        return TwilioSettings(
            account_sid=self.twilio_account_sid,
            auth_token=self.twilio_auth_token,
            from_number=self.twilio_from_number,
            base_url=self.twilio_base_url,
            timeout_seconds=self.twilio_timeout_seconds,
        )

    @property
    def mail_domain(self) -> str:
        return parseaddr(self.mail_from)[1].rpartition("@")[2]

    @model_validator(mode="after")
    def _complete(self) -> NotificationsSettings:
        if "@" not in parseaddr(self.mail_from)[1]:
            raise ValueError("NIYAT_MAIL_FROM must be an address, such as Clinic <hello@example.org>")
        if self.production:
            if self.mail_host is None:
                raise ValueError("NIYAT_MAIL_HOST is needed in production")
            if self.codes_key is None:
                raise ValueError("NIYAT_CODES_KEY is needed in production")
            if self.mail_domain.endswith(".invalid"):
                raise ValueError("NIYAT_MAIL_FROM is needed in production")
        if self.tls == "none" and self.mail_username and self.mail_host not in LOOPBACK:
            raise ValueError("NIYAT_MAIL_TLS must be starttls or implicit where a password is sent")
        if self.sms and self.twilio is None:
            raise ValueError(
                "NIYAT_SMS_ENABLED needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM_NUMBER"
            )
        return self
