"""Tokens of links in mails: signed, for one thing alone, and dead when what they are about has changed."""

from __future__ import annotations

import base64
from uuid import uuid4

import pytest

from data.mail_links import MailLinks

LINKS = MailLinks("k" * 40)


def test_a_token_is_read_as_it_was_made_and_for_what_it_was_made() -> None:
    token = LINKS.new("reset", uuid4(), uuid4())
    text = LINKS.text(token)
    assert LINKS.read("reset", text) == token
    assert LINKS.read("invitation", text) is None
    assert MailLinks("other" * 8).read("reset", text) is None
    assert token.secret.hex() not in repr(token)
    assert len(token.secret) == 32
    assert LINKS.new("reset", token.tenant_id, token.row_id).secret != token.secret


def test_no_byte_of_a_token_can_be_another_one() -> None:
    text = LINKS.text(LINKS.new("reset", uuid4(), uuid4()))
    decoded = base64.urlsafe_b64decode(text)
    for place in range(len(decoded)):
        altered = bytearray(decoded)
        altered[place] ^= 1
        assert LINKS.read("reset", base64.urlsafe_b64encode(bytes(altered)).decode()) is None


@pytest.mark.parametrize("text", ["", "x", "é" * 128, "." * 128, "A" * 127 + "=", "A" * 128, "A" * 10_000])
def test_what_was_not_made_here_is_no_token(text: str) -> None:
    assert LINKS.read("reset", text) is None


def test_what_is_kept_holds_for_one_row_one_key_and_one_state() -> None:
    token = LINKS.new("reset", uuid4(), uuid4())
    kept = LINKS.kept(token, "ada@example.org", "hash")
    assert LINKS.is_kept(kept, token, "ada@example.org", "hash")
    assert token.secret not in kept
    for state in (("eve@example.org", "hash"), ("ada@example.org", "other"), ("ada@example.orghash", "")):
        assert not LINKS.is_kept(kept, token, *state)
    assert not MailLinks("other" * 8).is_kept(kept, token, "ada@example.org", "hash")
    moved = LINKS.new("reset", token.tenant_id, uuid4())
    assert not LINKS.is_kept(kept, type(token)("reset", token.tenant_id, moved.row_id, token.secret))
