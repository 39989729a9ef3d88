"""Who calls: a program by an API token, by a token of the platform's issuer, or by what it signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api import signatures
from api.json_web_tokens import JsonWebTokens
from api.problems import Unauthenticated
from config import Settings
from data.engine import Database
from data.tokens import PREFIX, Sender, Tokens

_HOW = "Send your API token: Authorization: Bearer hc_…"


def identifies(environ: dict[str, Any]) -> bool:
    """Whether a request says by itself who calls, without the cookie of a session."""
    return "HTTP_AUTHORIZATION" in environ or signatures.is_signed(environ)


class Callers:
    """Recognises programs. All methods raise Unauthenticated and DatabaseUnavailable."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._tokens = Tokens(database)
        self._others = JsonWebTokens(settings, database)

    def sender(self, environ: dict[str, Any]) -> Sender:
        """Who sends a request (its WSGI environment)."""
        if signatures.is_signed(environ):
            return signatures.signer(environ, self._database)
        return self.bearer(_token(environ))

    def known(self, environ: dict[str, Any]) -> Sender | None:
        """Who sends a request by a token of ours that was used just now: nobody is asked."""
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return self._tokens.known(token.strip()) if scheme.lower() == "bearer" else None

    def bearer(self, token: str) -> Sender:
        """Whose token this is. Of ours, nobody can tell an unknown from an expired or revoked one."""
        if not token:
            raise Unauthenticated("missing-token", _HOW)
        if not token.startswith(PREFIX) and token.count(".") == 2:
            return self._others.sender(token)
        found = self._tokens.sender(token)
        if found is None:
            raise Unauthenticated("invalid-token", "This API token is not known, has expired or was revoked.")
        return found

    def holds(self, environ: dict[str, Any], sender: Sender, offered: str | None) -> Callable[[], bool]:
        """A question that may block: whether whoever opened a socket may keep it; `offered` is a token that
        came otherwise than in the Authorization header."""
        signed = offered is None and signatures.is_signed(environ)
        token = offered or ("" if signed else _token(environ))

        def valid() -> bool:
            if signed:
                return signatures.still_valid(self._database, sender)
            try:
                self.bearer(token)
            except Unauthenticated:
                return False
            return True

        return valid


def _token(environ: dict[str, Any]) -> str:
    """The bearer token of a request. Raises Unauthenticated."""
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("missing-token", _HOW)
    return str(token.strip())
