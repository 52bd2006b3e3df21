"""A link names one person's mails of one type, and nobody else can make it."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.notifications.domain import NotificationType
from niyat.notifications.errors import UnsubscribeLinkNotFound
from niyat.notifications.unsubscribing import UnsubscribeLinks

LINKS = UnsubscribeLinks("a key for tests, of enough characters", "https://clinic.example/")
ACCOUNT = UUID(int=7)
KINDS = st.sampled_from(NotificationType)


@given(st.uuids(), KINDS)
def test_a_token_says_whose_and_which(account_id: UUID, kind: NotificationType) -> None:
    token = LINKS.token(account_id, kind)
    assert LINKS.open(token) == (account_id, kind)
    assert all(each.isalnum() or each in "-_" for each in token)


@given(st.text(max_size=200))
def test_no_other_text_is_a_token(text: str) -> None:
    with pytest.raises(UnsubscribeLinkNotFound):
        LINKS.open(text)


def test_a_token_of_another_key_is_none_of_ours() -> None:
    token = UnsubscribeLinks("another key for tests, of enough characters", "https://clinic.example").token(
        ACCOUNT, NotificationType.APPOINTMENT_REMINDER
    )
    with pytest.raises(UnsubscribeLinkNotFound):
        LINKS.open(token)


def test_what_may_be_refused_carries_the_two_headers_and_nothing_else_does() -> None:
    kind = NotificationType.APPOINTMENT_REMINDER
    token = LINKS.token(ACCOUNT, kind)
    assert LINKS.headers(ACCOUNT, kind) == {
        "List-Unsubscribe": f"<https://clinic.example/unsubscribe/{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    for other in (NotificationType.APPOINTMENT_CANCELLED, NotificationType.PAYMENT_RECEIPT):
        assert LINKS.headers(ACCOUNT, other) == {}
