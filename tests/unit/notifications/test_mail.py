"""The mail as it travels."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from niyat.notifications.adapters.smtp import as_sent, compose
from niyat.notifications.errors import DeliveryRefused
from niyat.notifications.ports import Invitation, Mail
from niyat.notifications.sealing import Code, Seal, SealedElsewhere


def mail(to: str = "asha@example.com", subject: str = "Bestätigt ₹500") -> Mail:
    return Mail(
        to=to,
        subject=subject,
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


def test_an_invitation_is_an_alternative_and_a_file_to_the_byte() -> None:
    content = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nSUMMARY:मुलाक़ात, ₹500\r\nEND:VCALENDAR\r\n".encode()
    invited = replace(mail(), invitation=Invitation("CANCEL", content))
    sent = message_from_bytes(as_sent(compose(invited, "Niyat <a@b.example>")), policy=policy.default)
    assert sent.get_content_type() == "multipart/mixed"
    alternative, file = sent.iter_parts()
    *_, calendar = alternative.iter_parts()
    assert calendar["Content-Type"].params["method"] == "CANCEL"
    assert calendar.get_content_type() == "text/calendar"
    assert calendar.get_payload(decode=True) == content
    assert (file.get_filename(), file.get_content()) == ("invite.ics", content)


def test_headers_of_a_mail_travel_with_it() -> None:
    headers = {"List-Unsubscribe": "<https://clinic.example/u/1>"}
    assert compose(replace(mail(), headers=headers), "a@b.example")["List-Unsubscribe"] == (
        "<https://clinic.example/u/1>"
    )


WORDS = st.lists(st.text("aZ:,()₹·é", min_size=1, max_size=40), min_size=1, max_size=12).map(" ".join)


@settings(max_examples=50)
@given(WORDS)
@example("Confirmed: Dr Meera Rao, Tue, 24 Nov 2026, 10:30 IST (Asia/Kolkata), VIDEO")
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    sent = as_sent(compose(mail(subject=subject), "Niyat <no-reply@clinic.example>"))
    assert re.search(rb"^Subject: \S", sent, re.MULTILINE)
    assert message_from_bytes(sent, policy=policy.default)["Subject"] == subject
    assert max(map(len, re.findall(rb"=\?utf-8\?\S*\?=", sent)), default=0) <= 76


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
