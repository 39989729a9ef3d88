"""What a browser keeps for a few minutes in the middle of a sign-in: sealed and of one length, so that it can
be neither read nor made, nor told apart by its size."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken


class Sealed:
    """Seals and opens one kind of thing; `key` is the secret of the installation."""

    def __init__(self, key: str, purpose: str, seconds: int, length: int) -> None:
        derived = hmac.digest(key.encode(), purpose.encode(), hashlib.sha256)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))
        self._seconds, self._length = seconds, length

    def seal(self, kept: list[Any]) -> str:
        """What is kept, as a text."""
        plain = json.dumps(kept, ensure_ascii=False).encode().ljust(self._length)
        return self._fernet.encrypt(plain).decode()

    def open(self, text: str) -> list[Any] | None:
        """What was kept; None for what is too old or not from here."""
        try:
            kept: list[Any] = json.loads(self._fernet.decrypt(text.encode(), ttl=self._seconds))
        except (InvalidToken, UnicodeEncodeError):
            return None
        return kept
