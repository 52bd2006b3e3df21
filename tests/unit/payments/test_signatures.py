"""The vendor's published signatures, checked by code that shares nothing with the sandbox's signer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from niyat.payments.signatures import verify_checkout, verify_webhook

BODY = (
    Path(__file__).parents[2] / "fixtures" / "razorpay" / "signature" / "payment_authorized_webhook.body.json"
)
SIGNED = "d60e67fd884556c045e9be7dad57903e33efc7172c17c6e3ef77db42d2b366e9"


@pytest.mark.parametrize(
    ("secret", "order", "payment", "signature"),
    [
        (
            "key_secret",
            "fake_order_id",
            "fake_payment_id",
            "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
        ),
        (
            "EnLs21M47BllR3X8PSFtjtbd",
            "order_IEIaMR65cu6nz3",
            "pay_IH4NVgf4Dreq1l",
            "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
        ),
    ],
)
def test_the_checkouts_signature_is_over_order_and_payment(
    secret: str, order: str, payment: str, signature: str
) -> None:
    assert verify_checkout(secret, order, payment, signature)
    assert not verify_checkout(secret, order + "x", payment, signature)
    assert not verify_checkout(secret + "x", order, payment, signature)


def test_a_webhooks_signature_is_over_its_raw_bytes() -> None:
    raw = BODY.read_bytes()
    assert len(raw) == 971
    assert verify_webhook(raw, SIGNED, ["key_secret"])
    assert not verify_webhook(json.dumps(json.loads(raw)).encode() + b" ", SIGNED, ["key_secret"])


def test_the_previous_secret_counts_while_it_is_rotated() -> None:
    assert verify_webhook(BODY.read_bytes(), SIGNED, ["the-new-one", "key_secret"])


@pytest.mark.parametrize("signature", [None, "", "é", "0" * 64, SIGNED[:-1], "\ud800"])
def test_what_is_no_signature_is_refused_and_raises_nothing(signature: str | None) -> None:
    assert not verify_webhook(BODY.read_bytes(), signature, ["key_secret"])
    assert not verify_checkout("key_secret", "order_1", "pay_1", signature)


def test_an_empty_secret_verifies_nothing() -> None:
    import hashlib
    import hmac

    forged = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    assert not verify_webhook(b"{}", forged, [""])
    assert not verify_webhook(b"{}", forged, [])
