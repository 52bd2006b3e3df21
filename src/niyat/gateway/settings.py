"""What the gateway needs to know of the payment provider's checkout: `NIYAT_GATEWAY_…`."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ADDRESS = r"^https?://[^/\s]+/\S*$"


class GatewaySettings(BaseSettings):
    """The provider's script and hosted page; the sandbox has its own of both."""

    model_config = SettingsConfigDict(env_prefix="NIYAT_GATEWAY_", extra="ignore")

    checkout_script: str = Field(
        default="https://checkout.razorpay.com/v1/checkout.js",
        pattern=ADDRESS,
        description="Loaded only when someone pays",
    )
    checkout_page: str = Field(
        default="https://api.razorpay.com/v1/checkout/embedded",
        pattern=ADDRESS,
        description="The hosted page, for browsers without JavaScript",
    )

    @property
    def script_origin(self) -> str:
        return _origin(self.checkout_script)

    @property
    def page_origin(self) -> str:
        return _origin(self.checkout_page)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
