"""Settings of notifications. The mail server's variables are also read under the names SPRING_MAIL_HOST and so on."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from niyat.kernel.settings import Environment
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.providers import DltSettings, FcmSettings, TwilioSettings, check_service_account
from niyat.notifications.turns import AT_ONCE

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _mail(name: str) -> AliasChoices:
    return AliasChoices(f"NIYAT_MAIL_{name}", f"SPRING_MAIL_{name}")


class NotificationsSettings(BaseSettings):
    """Without a mail server and, where SMS is on, without Twilio's credentials, production does not start."""

    model_config = SettingsConfigDict(env_prefix="NIYAT_", extra="ignore", populate_by_name=True)

    environment: Environment = Environment.SANDBOX
    public_url: str = "http://127.0.0.1:8080"

    mail_host: str | None = Field(default=None, validation_alias=_mail("HOST"))
    mail_port: int = Field(default=587, ge=1, le=65535, validation_alias=_mail("PORT"))
    mail_username: str | None = Field(default=None, validation_alias=_mail("USERNAME"))
    mail_password: SecretStr | None = Field(default=None, validation_alias=_mail("PASSWORD"))
    mail_tls: Literal["starttls", "implicit", "none"] | None = Field(
        default=None, description="`starttls` in production, `none` in the sandbox, unless set"
    )
    mail_from: str = "Niyat <no-reply@niyat.invalid>"
    mail_timeout_seconds: float = Field(
        default=10,
        gt=0,
        le=30,
        description="For each answer of the mail server; a mail may take three times as long",
    )
    mail_connections: int = Field(
        default=AT_ONCE,
        ge=1,
        le=50,
        description="To the mail server, kept open; above 1, one of them serves sign-in codes alone",
    )
    mail_bounces_to: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,20}@[A-Za-z0-9.-]+$",
        description="Where mails come back to: an address that takes `<name>+<anything>@` too, whose mail is posted to "
        "`/api/v1/notifications/bounces`",
    )
    mail_bounces_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="What the mail server shows when it posts a mail that came back",
    )

    sms_enabled: bool | None = Field(
        default=None, description="Off in production, on in the sandbox, unless set"
    )
    twilio_account_sid: str | None = Field(default=None, validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr | None = Field(default=None, validation_alias="TWILIO_AUTH_TOKEN")
    twilio_from_number: str | None = Field(default=None, validation_alias="TWILIO_FROM_NUMBER")
    twilio_base_url: str | None = Field(default=None, validation_alias="TWILIO_BASE_URL")
    twilio_timeout_seconds: float = Field(default=10, gt=0, le=30)

    sms_dlt_entity_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{10,25}$",
        description="India: the registered business. With it, `+91` numbers get registered wordings alone",
    )
    sms_dlt_header: str | None = Field(
        default=None, pattern=r"^[A-Z0-9]{3,6}$", description="India: the registered sender"
    )
    sms_dlt_templates: dict[str, Annotated[str, Field(pattern=r"^[0-9]{10,25}$")]] = Field(
        default={},
        description='India: the registered id of each wording, as JSON: `{"SIGN_IN_CODE.en": "1107…"}`',
    )

    push_enabled: bool | None = Field(
        default=None, description="Off in production, on in the sandbox, unless set"
    )
    fcm_service_account: SecretStr | None = Field(
        default=None,
        validation_alias="FCM_SERVICE_ACCOUNT",
        description="The service account's key file as it is, JSON. Google shut down `FCM_SERVER_KEY`",
    )
    fcm_base_url: str | None = Field(default=None, validation_alias="FCM_BASE_URL")
    fcm_timeout_seconds: float = Field(default=10, gt=0, le=30)

    addresses_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Recognises addresses that must not be written to, without keeping them, and signs the links that"
        " turn mails off; never change it",
    )
    mail_per_second: float | None = Field(
        default=None, gt=0, description="The most that the mail server is given"
    )
    sms_per_second: float | None = Field(default=None, gt=0, description="The most that Twilio is given")
    push_per_second: float | None = Field(default=None, gt=0, description="The most that FCM is given")

    codes_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Seals sign-in codes while they wait to be sent; the same in every process of this service",
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
            status_callback=self.twilio_status_callback,
            dlt=self._dlt,
        )

    @property
    def twilio_status_callback(self) -> str | None:
        """Where Twilio says how a message ended. It refuses addresses that it cannot reach; the sandbox reaches all."""
        reachable = self.public_url.startswith("https://") or self.twilio_base_url is not None
        return f"{self.public_url}/api/v1/notifications/callbacks/twilio" if reachable else None

    @property
    def _dlt(self) -> DltSettings | None:
        if not (self.sms_dlt_entity_id and self.sms_dlt_header):
            return None
        return DltSettings(
            entity_id=self.sms_dlt_entity_id, header=self.sms_dlt_header, templates=self.sms_dlt_templates
        )

    @property
    def push(self) -> bool:
        """Whether push messages are sent."""
        if self.push_enabled is not None:
            return self.push_enabled
        return not self.production and self.fcm_service_account is not None

    @property
    def fcm(self) -> FcmSettings | None:
        """None where push messages are switched off."""
        if not (self.push and self.fcm_service_account):
            return None
        return FcmSettings(
            service_account=self.fcm_service_account,
            base_url=self.fcm_base_url,
            timeout_seconds=self.fcm_timeout_seconds,
        )

    @property
    def per_second(self) -> Mapping[NotificationChannel, float]:
        """The most that each channel's provider is given; no entry, no limit."""
        asked = {
            NotificationChannel.EMAIL: self.mail_per_second,
            NotificationChannel.SMS: self.sms_per_second,
            NotificationChannel.PUSH: self.push_per_second,
        }
        return {channel: pace for channel, pace in asked.items() if pace is not None}

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
            if self.addresses_key is None:
                raise ValueError("NIYAT_ADDRESSES_KEY is needed in production")
            if self.mail_domain.endswith(".invalid"):
                raise ValueError("NIYAT_MAIL_FROM is needed in production")
        if self.tls == "none" and self.mail_username and self.mail_host not in LOOPBACK:
            raise ValueError("NIYAT_MAIL_TLS must be starttls or implicit where a password is sent")
        return self

    @model_validator(mode="after")
    def _channels_complete(self) -> NotificationsSettings:
        if self.sms and self.twilio is None:
            raise ValueError(
                "NIYAT_SMS_ENABLED needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM_NUMBER"
            )
        if self.push and self.fcm is None:
            raise ValueError("NIYAT_PUSH_ENABLED needs FCM_SERVICE_ACCOUNT")
        if self.fcm_service_account is not None:
            check_service_account(self.fcm_service_account.get_secret_value())
        if (self.mail_bounces_to is None) != (self.mail_bounces_secret is None):
            raise ValueError("NIYAT_MAIL_BOUNCES_TO and NIYAT_MAIL_BOUNCES_SECRET need each other")
        if (self.sms_dlt_entity_id is None) != (self.sms_dlt_header is None):
            raise ValueError("NIYAT_SMS_DLT_ENTITY_ID and NIYAT_SMS_DLT_HEADER need each other")
        return self
