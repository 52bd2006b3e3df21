"""Codes and tokens are stored as hashes that fit one place only."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from niyat.identity.hashing import Keyed, new_code, new_refresh_token, plain_hash

ONE, TWO = UUID(int=1), UUID(int=2)
ours = Keyed(SecretStr("a secret"))
theirs = Keyed(SecretStr("another secret"))


def test_a_code_is_six_digits() -> None:
    codes = {new_code() for _ in range(200)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 190


@given(st.from_regex(r"[0-9]{6}", fullmatch=True), st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_a_hash_belongs_to_one_code_of_one_challenge_under_one_secret(code: str, other: str) -> None:
    assert ours.code(ONE, code) == ours.code(ONE, code)
    assert ours.code(ONE, code) != ours.code(TWO, code)
    assert ours.code(ONE, code) != theirs.code(ONE, code)
    assert (ours.code(ONE, code) == ours.code(ONE, other)) == (code == other)


def test_each_use_has_a_key_of_its_own() -> None:
    assert ours.requester("1") != ours.code(UUID(int=0), "1")
    assert ours.requester("") != bytes.fromhex(ours.key_password.decode())


def test_a_successor_is_the_same_each_time_and_nobody_elses() -> None:
    token = new_refresh_token()
    assert ours.successor(token) == ours.successor(token)
    assert (
        len({token, ours.successor(token), theirs.successor(token), ours.successor(ours.successor(token))})
        == 4
    )
    assert len(ours.successor(token)) == len(token) == 43
    assert plain_hash(token) != plain_hash(ours.successor(token))
