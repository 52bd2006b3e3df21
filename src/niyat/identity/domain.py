"""The rules of identity: how addresses are spelt, what a code and a limit is, how long things last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Literal, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

import phonenumbers
from email_validator import EmailNotValidError, validate_email

Channel: TypeAlias = Literal["SMS", "EMAIL"]
Role: TypeAlias = Literal["patient", "doctor", "admin"]
Language: TypeAlias = Literal["en", "hi"]

DEFAULT_TIME_ZONE = "Asia/Kolkata"

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5

ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
REFRESH_TOKEN_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=30)
"""How long a replaced refresh token still leads to its successor: two tabs may refresh at once."""

KEY_LIFETIME = timedelta(days=30)
KEY_ANNOUNCED = timedelta(minutes=15)
"""A new key is published this long before it signs, so that every JWKS cache has it by then."""
KEY_PUBLISHED_AFTER = timedelta(hours=1)
"""An old key is published this long after it last signed: longer than any token lives."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a code goes. `value` has one spelling per address: E.164, or lower-case ASCII."""

    channel: Channel
    value: str

    @property
    def country(self) -> str | None:
        """The country's calling code, such as `+91`, of a phone number. None of them begins another."""
        return f"+{phonenumbers.parse(self.value).country_code}" if self.channel == "SMS" else None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within `window`."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """How many codes may be asked for, and how many wrong ones entered, for one address and from one IP address.

    A wrong code counts for whoever asked for its challenge: by them alone it is known from where. `country`: of text
    messages to one country abroad. `home` has no such limit, for whoever reached it would lock everybody out.
    """

    address: Sequence[Limit]
    requester: Sequence[Limit]
    country: Sequence[Limit]
    home: str
    wrong_of_address: Sequence[Limit]
    wrong_of_requester: Sequence[Limit]


def requester(ip: str) -> str:
    """Whom the limit of codes counts: an IPv4 address, or the /64 that one IPv6 subscriber has to themselves."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(getattr(address, "ipv4_mapped", None) or address)


def phone_number(text: str, region: str) -> str:
    """`text` in E.164; a number without a country code is one of `region`. Raises ValueError."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValueError("not a phone number; write it with its country code, such as +91 98765 43210")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def calling_code(region: str) -> str:
    """Of a country, such as `+91` of `IN`."""
    return f"+{phonenumbers.country_code_for_region(region)}"


def email_address(text: str) -> str:
    """`text` in lower case, its domain in ASCII. Raises ValueError."""
    try:
        # `.test` addresses are for tests and stand-ins; nothing is ever delivered to them.
        checked = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise ValueError("not an email address, such as asha@example.com") from error
    return (checked.ascii_email or "").lower()


def service_account_id(name: str) -> UUID:
    """The fixed id under which the service `name` acts."""
    return uuid5(NAMESPACE_URL, f"urn:niyat:service:{name}")


BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
    ("python", "Python"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def user_agent_summary(header: str) -> str:
    """What a person recognises of a User-Agent header, such as "Firefox on Android"."""
    browser = next((name for mark, name in BROWSERS if mark in header), "Unknown browser")
    system = next((name for mark, name in SYSTEMS if mark in header), None)
    return f"{browser} on {system}" if system else browser
