"""Merchant accounts: isolated from each other by key_id; each has its own webhook."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from niyat.sandbox.books import Books
from niyat.sandbox.razorpay.entities import new_id
from niyat.sandbox.razorpay.errors import Refusal


@dataclass(frozen=True)
class Merchant:
    key_id: str
    key_secret: str
    account_id: str
    webhook_url: str
    webhook_secret: str
    previous_webhook_secret: str | None
    default_capture: str
    refund_mode: str
    instant_refunds: str
    low_balance: str
    settlement_days: int | None
    payout_account_number: str
    payout_mode: str
    payout_approval: str
    payout_balance: int
    webhook_mode: str
    webhook_delay_seconds: float
    webhook_duplicate: int
    webhook_sign_with: str
    webhook_corrupt: str
    webhook_retry_seconds: float
    webhook_disabled: int


def find(books: Books, key_id: str) -> Merchant | None:
    row = books.row("SELECT * FROM merchants WHERE key_id = ?", key_id)
    return Merchant(**dict(row)) if row else None


def register(
    books: Books, key_id: str, key_secret: str, webhook_url: str, webhook_secret: str, account_id: str | None
) -> Merchant:
    """Add the account or change it; a new webhook secret makes the present one the previous one."""
    with books.transaction():
        books.run(
            "INSERT INTO merchants (key_id, key_secret, account_id, webhook_url, webhook_secret)"
            " VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (key_id) DO UPDATE SET key_secret = excluded.key_secret,"
            " webhook_url = excluded.webhook_url, webhook_secret = excluded.webhook_secret,"
            " previous_webhook_secret = iif(webhook_secret = excluded.webhook_secret,"
            "     previous_webhook_secret, webhook_secret),"
            " webhook_disabled = 0",
            key_id,
            key_secret,
            account_id or new_id("acc"),
            webhook_url,
            webhook_secret,
        )
    merchant = find(books, key_id)
    assert merchant is not None  # noqa: S101 -- written just above
    return merchant


def authenticate(books: Books, authorization: str) -> Merchant:
    """The merchant of an `Authorization: Basic …` header; the scheme must be spelt exactly so."""
    scheme, _, credentials = authorization.partition(" ")
    try:
        key_id, _, key_secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        key_id, key_secret = "", ""
    merchant = find(books, key_id) if scheme == "Basic" else None
    if merchant is None:
        raise Refusal("The api key provided is invalid", status=401, validation=False)
    if not hmac.compare_digest(merchant.key_secret.encode(), key_secret.encode()):
        raise Refusal("Authentication failed", status=401, validation=False)
    return merchant
