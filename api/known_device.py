"""A browser that has signed in to an account before: a signed cookie says so, and nothing else.

It opens nothing. Tries to sign in from such a browser are counted apart (`data/sign_in_rate.py`).
"""

import hashlib
import secrets
from typing import Any

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

COOKIE = "housecount-device"
DAYS = 90


class KnownDevice:
    """Reads and writes the cookie; one browser knows one account, the last that signed in there."""

    def __init__(self, key: str) -> None:
        self._signed = URLSafeTimedSerializer(key, salt="known device")

    def known(self, email: str) -> str | None:
        """The name of this browser, if this account has signed in there."""
        found = self._read()
        return str(found[0]) if found and found[1] == _account(email) else None

    def gave_code(self) -> bool:
        """Whether that account signed in with a code: its form then asks for one at once."""
        return self._read()[2:] == [True]

    def remember(self, email: str, answer: Response, with_code: bool) -> Response:
        """The answer, with which the browser gets a new name that stands for this account."""
        value = self._signed.dumps([secrets.token_urlsafe(12), _account(email), with_code])
        answer.set_cookie(
            COOKIE,
            str(value),
            max_age=DAYS * 86_400,
            path="/login",
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
        return answer

    def _read(self) -> list[Any]:
        """Name, account and whether there was a code; nothing of a browser that is not known."""
        try:
            return list(self._signed.loads(request.cookies.get(COOKIE, ""), max_age=DAYS * 86_400))
        except BadSignature:
            return []


def _account(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:16]
