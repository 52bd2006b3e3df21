"""Who provides video rooms: `NIYAT_VIDEO_…`. Without a provider there is no video; half a provider stops the start."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DAILY = "https://api.daily.co/v1"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
ADDRESS = r"^https?://[^?#]+[^/?#]$"


class VideoProvider(StrEnum):
    """`jitsi`: a Jitsi Meet server of one's own. `jaas`: Jitsi as a service, by 8x8. `daily`: Daily.co."""

    JITSI = "jitsi"
    JAAS = "jaas"
    DAILY = "daily"


NEEDS = {
    VideoProvider.JITSI: ("video_jitsi_url", "video_jitsi_app_id", "video_jitsi_app_secret"),
    VideoProvider.JAAS: ("video_jaas_key_id", "video_jaas_private_key"),
    VideoProvider.DAILY: ("video_daily_api_key",),
}
"""The settings without which a provider cannot be used. Each is the variable's name in small letters."""


class VideoSettings(BaseSettings):
    """The provider, its keys, and when a room is open."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    video_provider: VideoProvider | None = Field(
        default=None,
        validation_alias="NIYAT_VIDEO_PROVIDER",
        description="`jitsi`, `jaas` or `daily`; without one there is no video",
    )
    video_jitsi_url: str | None = Field(
        default=None,
        pattern=ADDRESS,
        validation_alias="NIYAT_VIDEO_JITSI_URL",
        description="`https://meet.clinic.example`, with the tenant as its path if there is one",
    )
    video_jitsi_app_id: str | None = Field(
        default=None, min_length=1, validation_alias="NIYAT_VIDEO_JITSI_APP_ID"
    )
    video_jitsi_app_secret: SecretStr | None = Field(
        default=None, min_length=32, validation_alias="NIYAT_VIDEO_JITSI_APP_SECRET"
    )
    video_jaas_key_id: str | None = Field(
        default=None,
        pattern=r"^vpaas-magic-cookie-[0-9a-f]+/[0-9a-zA-Z-]+$",
        validation_alias="NIYAT_VIDEO_JAAS_KEY_ID",
    )
    video_jaas_private_key: SecretStr | None = Field(
        default=None,
        validation_alias="NIYAT_VIDEO_JAAS_PRIVATE_KEY",
        description="PEM; `\\n` may stand for a line break",
    )
    video_daily_api_key: SecretStr | None = Field(
        default=None, min_length=1, validation_alias="NIYAT_VIDEO_DAILY_API_KEY"
    )
    video_daily_base_url: str = Field(
        default=DAILY, pattern=ADDRESS, validation_alias="NIYAT_VIDEO_DAILY_BASE_URL"
    )
    video_timeout_seconds: float = Field(
        default=4.0, gt=0, le=20, validation_alias="NIYAT_VIDEO_TIMEOUT_SECONDS"
    )
    video_opens_minutes_before: int = Field(
        default=15, ge=0, le=120, validation_alias="NIYAT_VIDEO_OPENS_MINUTES_BEFORE"
    )
    video_closes_minutes_after: int = Field(
        default=30, ge=0, le=240, validation_alias="NIYAT_VIDEO_CLOSES_MINUTES_AFTER"
    )

    @property
    def room_opens_before(self) -> timedelta:
        """How long before the start of a visit its room opens."""
        return timedelta(minutes=self.video_opens_minutes_before)

    @property
    def room_closes_after(self) -> timedelta:
        """How long after the end of a visit its room closes."""
        return timedelta(minutes=self.video_closes_minutes_after)

    @property
    def room_open(self) -> tuple[timedelta, timedelta] | None:
        """How long before and after a visit its room is open; None where there are no rooms."""
        return (self.room_opens_before, self.room_closes_after) if self.video_provider else None

    @field_validator("video_jaas_private_key")
    @classmethod
    def _is_a_key(cls, given: SecretStr | None) -> SecretStr | None:
        if given is None:
            return None
        pem = given.get_secret_value().replace("\\n", "\n")
        try:
            load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError):
            raise ValueError("must be a private key in PEM, without a password") from None
        return SecretStr(pem)

    @field_validator("video_jitsi_url", "video_daily_base_url")
    @classmethod
    def _encrypted(cls, url: str | None) -> str | None:
        if url is not None and url.startswith("http:") and urlsplit(url).hostname not in LOOPBACK:
            raise ValueError("must be https: whoever reads a link on its way could enter the room")
        return url

    @model_validator(mode="after")
    def _complete(self) -> VideoSettings:
        if self.video_provider is None:
            given = [name for needs in NEEDS.values() for name in needs if getattr(self, name) is not None]
            if given:
                raise ValueError(f"NIYAT_VIDEO_PROVIDER is needed with NIYAT_{given[0].upper()}")
            return self
        missing = [name for name in NEEDS[self.video_provider] if getattr(self, name) is None]
        if missing:
            names = ", ".join(f"NIYAT_{name.upper()}" for name in missing)
            raise ValueError(f"NIYAT_VIDEO_PROVIDER={self.video_provider} needs {names}")
        return self
