"""JSON Web Tokens of the platform's own issuer (RFC 7519): other services act by them for one tenant.

`iss`, `aud`, `exp` and `sub` have to be there; `tenant` is the slug or id of the tenant, `scope` what the
bearer may (`data.permissions.SCOPES`), separated by spaces. By which algorithm a token may be signed is
settled by our key for it, never by what the token says.
"""

from __future__ import annotations

import threading
import time
from typing import Any, cast
from uuid import UUID

import jwt

from api.jwks import IssuerUnreachable, KeySet, PublicKey
from api.problems import Unauthenticated
from config import Settings
from data.access import Scope
from data.engine import Database
from data.permissions import SCOPES
from data.tenants import find
from data.tokens import Sender, id_of_subject

LONGEST = 8_192
HELD_SECONDS = 30.0
_CLAIMS = ["exp", "iss", "aud", "sub"]
_WHY: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "This token has expired.",
    jwt.ImmatureSignatureError: "This token is not valid yet.",
    jwt.InvalidAudienceError: "This token is for another audience.",
    jwt.InvalidIssuerError: "This token is of another issuer.",
}


class JsonWebTokens:
    """Recognises the bearers of one issuer's tokens."""

    def __init__(self, settings: Settings, database: Database, keys: KeySet | None = None) -> None:
        self._issuer, self._audience = settings.jwt_issuer, settings.jwt_audience
        self._leeway, self._database = settings.jwt_leeway_seconds, database
        self._secret = settings.jwt_secret
        self._keys = keys or (KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url else None)
        self._tenants: dict[str, tuple[UUID, float]] = {}
        self._changing = threading.Lock()

    def sender(self, token: str) -> Sender:
        """Whose token this is. Raises Unauthenticated, DatabaseUnavailable."""
        if not self._issuer:
            raise _refused("Tokens of other issuers are not let in here.")
        if len(token) > LONGEST:
            raise _refused("This token is too long.")
        try:
            key = self._key(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": _CLAIMS},
            )
        except jwt.PyJWTError as error:
            raise _refused(_WHY.get(type(error), "This token is not one that we accept.")) from None
        tenant_id = self._tenant(_text(claims.get("tenant", "")))
        given = claims.get("scope", "")
        scopes = frozenset(given.split() if isinstance(given, str) else ()) & frozenset(SCOPES)
        subject = _text(claims["sub"])
        caller = id_of_subject(tenant_id, self._issuer, subject)
        return Sender(tenant_id, caller, subject[:200], cast("frozenset[Scope]", scopes))

    def _key(self, header: dict[str, Any]) -> PublicKey:
        """Our key for a token with this header. Raises Unauthenticated."""
        if self._secret is not None:
            return PublicKey("HS256", self._secret)
        assert self._keys is not None
        named = header.get("kid")
        try:
            found = self._keys.key(named if isinstance(named, str) else None)
        except IssuerUnreachable:
            raise _refused("The keys of the issuer cannot be had now.") from None
        if found is None:
            raise _refused("The issuer has no key of this id.")
        return found

    def _tenant(self, name: str) -> UUID:
        """The tenant of this slug or id. Raises Unauthenticated, DatabaseUnavailable."""
        known = self._tenants.get(name)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        found = find(self._database, name) if name else None
        if found is None:
            raise _refused("This token is for no tenant of ours.")
        with self._changing:
            self._tenants[name] = (found, time.monotonic() + HELD_SECONDS)
        return found


def _text(claim: object) -> str:
    """The claim as a text that can be kept and looked for. Raises Unauthenticated."""
    text = str(claim)
    if "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise _refused("A claim of this token has characters that are none.")
    return text


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated("invalid-token", detail)
