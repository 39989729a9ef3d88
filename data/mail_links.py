"""What links in mails carry: a token that is signed, 256 bits of it random, for one invitation or one reset.

Such a link works once and can be taken back, so it has a row, and the row's secret is random: who has
SECRET_KEY alone makes no link. The row keeps an HMAC of it, under a key that follows from SECRET_KEY, over
all that has to be as it was (the e-mail, the password): who writes to the database alone makes none either,
and whatever of it changes ends the link. The signature is looked at first: what is not from here costs no
query.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Kind = Literal["invitation", "reset"]
_SECRET_BYTES = 32
_SIGNED_BYTES = 16 + 16 + _SECRET_BYTES
_LENGTH = (_SIGNED_BYTES + 32) * 4 // 3


class DeadLink(Exception):
    """A link that never was one, was used, withdrawn or replaced, or that has ended: one answer for all."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature is right; whether it leads anywhere still, its row says."""

    kind: Kind
    tenant_id: UUID
    row_id: UUID
    secret: bytes = field(repr=False)


class MailLinks:
    """Makes and reads tokens; `key` is the secret of the installation."""

    def __init__(self, key: str) -> None:
        self._signing, self._keeping = (
            hmac.digest(key.encode(), purpose, hashlib.sha256)
            for purpose in (b"signature of a link in a mail", b"secret of a link in a mail")
        )

    def new(self, kind: Kind, tenant_id: UUID, row_id: UUID) -> Token:
        """A token with a secret of its own."""
        return Token(kind, tenant_id, row_id, secrets.token_bytes(_SECRET_BYTES))

    def text(self, token: Token) -> str:
        """What stands in the address."""
        signed = token.tenant_id.bytes + token.row_id.bytes + token.secret
        return base64.urlsafe_b64encode(signed + self._signature(token.kind, signed)).decode()

    def read(self, kind: Kind, text: str) -> Token | None:
        """The token; None for what was not made here, or for something else."""
        if len(text) != _LENGTH:
            return None
        try:
            decoded = base64.b64decode(text, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        signed, signature = decoded[:_SIGNED_BYTES], decoded[_SIGNED_BYTES:]
        if not hmac.compare_digest(signature, self._signature(kind, signed)):
            return None
        return Token(kind, UUID(bytes=signed[:16]), UUID(bytes=signed[16:32]), signed[32:])

    def kept(self, token: Token, *state: str) -> bytes:
        """What the row keeps of the secret: it holds while every text of `state` is the same."""
        about = [token.kind.encode(), token.tenant_id.bytes, token.row_id.bytes]
        digests = [hashlib.sha256(part).digest() for part in (*about, *(text.encode() for text in state))]
        return hmac.digest(self._keeping, token.secret + b"".join(digests), hashlib.sha256)

    def is_kept(self, kept: bytes, token: Token, *state: str) -> bool:
        """Whether this is what `kept` was made of; it takes as long either way."""
        return hmac.compare_digest(kept, self.kept(token, *state))

    def _signature(self, kind: Kind, signed: bytes) -> bytes:
        return hmac.digest(self._signing, kind.encode() + b"\0" + signed, hashlib.sha256)
