"""The mail as it travels."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from niyat.notifications.adapters.smtp_email import compose
from niyat.notifications.errors import DeliveryRefused
from niyat.notifications.ports import Mail
from niyat.notifications.sealing import Code, Seal, SealedElsewhere


def mail(to: str = "asha@example.com") -> Mail:
    return Mail(
        to=to,
        subject="Bestätigt ₹500",
        text="नमस्ते",
        html="<p>नमस्ते</p>",
        message_id="<1@example.com>",
        date=datetime(2026, 11, 24, tzinfo=UTC),
    )


def test_a_mail_is_marked_as_automatic_and_keeps_its_message_id() -> None:
    message = compose(mail(), "Niyat <no-reply@clinic.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<1@example.com>"
    assert message.get_content_type() == "multipart/alternative"
    assert message.as_bytes().isascii()


@pytest.mark.parametrize("to", ["nobody", "a@b@c", "a b@c.d", "a@x\r\nBcc: b@y", "", "@"])
def test_a_wrong_address_is_refused_for_good(to: str) -> None:
    with pytest.raises(DeliveryRefused) as refused:
        compose(mail(to), "Niyat <no-reply@clinic.example>")
    assert refused.value.error_code == "address-wrong"


def test_a_sealed_code_opens_with_its_key_alone() -> None:
    code = Code("+919876543210", "123456")
    sealed = Seal("k" * 32).close(code)
    assert b"123456" not in sealed
    assert Seal("k" * 32).open(sealed) == code
    with pytest.raises(SealedElsewhere):
        Seal("x" * 32).open(sealed)
    assert "123456" not in repr(code)
