"""The OpenID provider by which people may sign in: where it is, and who it says has signed in there.

Discovery, the authorization code with PKCE, and an ID token that is checked by the provider's keys
(OpenID Connect Core 1.0, section 3.1.3.7). How a token may be signed is settled by the provider's published
key, never by the token. What comes from there is bounded in size and time, and is neither logged nor kept.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx
import jwt
from authlib.oauth2.auth import OAuth2Token
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from jwt.types import Options

from api.jwks import IssuerUnreachable, KeySet, fetch, receive
from config import Settings, is_safe_to_fetch
from data.provider_links import Identity, identity_of

log = logging.getLogger(__name__)

CALLBACK = "/login/oidc/back"
REFRESH_SECONDS = 3600.0
ASK_AGAIN_SECONDS = 5.0
"""While the provider is away, others are told so at once in between."""
LONGEST_TOKEN = 16_384
LONGEST_SUBJECT = 255
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")
_SIGNATURE_ALONE: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
}
"""What is said is checked after who says it, all of it in one place."""
_YES = (True, "true", 1, "1")


class ProviderUnreachable(Exception):
    """The provider does not answer, or not as one does."""


class NotVouchedFor(Exception):
    """The provider does not say who this is, or it cannot be believed; the text says why, for the log."""


class Provider:
    """The provider of these settings. Safe to use from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._issuer, self._client_id = settings.oidc_issuer, settings.oidc_client_id
        self._secret, self._scopes = settings.oidc_client_secret, settings.oidc_scopes
        self._verified, self._leeway = settings.oidc_email_verified, settings.jwt_leeway_seconds
        self._origin = settings.public_url or ""
        self.name = settings.oidc_name
        self._known: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = self._asked_at = -REFRESH_SECONDS
        self._asking = threading.Lock()

    @property
    def on(self) -> bool:
        """Whether there is one."""
        return bool(self._issuer)

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises ProviderUnreachable."""
        known = self._discovered()
        address, _ = self._client(known).create_authorization_url(
            known["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
        )
        return str(address)

    def require_issuer(self, named: str | None) -> None:
        """Raises NotVouchedFor for an answer of another provider (RFC 9207), ProviderUnreachable."""
        announced = self._discovered().get("authorization_response_iss_parameter_supported") is True
        if named != self._issuer and (announced or named is not None):
            raise NotVouchedFor("the answer is of another issuer")

    def identity(self, code: str, verifier: str, nonce: str) -> Identity:
        """Who has signed in, by the code of the answer. Raises NotVouchedFor, ProviderUnreachable."""
        known = self._discovered()
        try:
            found = self._client(known).fetch_token(
                known["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except OAuth2Error:
            raise NotVouchedFor("the code is not taken") from None
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnreachable(type(error).__name__) from None
        token, access = found.get("id_token"), found.get("access_token")
        if not isinstance(token, str) or not isinstance(access, str):
            raise NotVouchedFor("there is no ID token")
        claims = self.claims(token, access, nonce)
        return identity_of(self._issuer, claims["sub"], self._email(known, claims, access))

    def claims(self, token: str, access: str, nonce: str) -> dict[str, Any]:
        """What an ID token says that is the provider's, for us, in time, of this sign-in and goes with this
        access token. Raises NotVouchedFor, ProviderUnreachable."""
        if len(token) > LONGEST_TOKEN:
            raise NotVouchedFor("the ID token is too long")
        self._discovered()
        assert self._keys is not None
        try:
            header = jwt.get_unverified_header(token)
            named = header.get("kid")
            key = self._keys.key(named if isinstance(named, str) else None)
            if key is None:
                raise NotVouchedFor("no key of the provider is the ID token's")
            plain = jwt.decode(token, key.key, algorithms=[key.algorithm], options=_SIGNATURE_ALONE)
        except IssuerUnreachable:
            raise ProviderUnreachable("no keys") from None
        except jwt.PyJWTError as error:
            raise NotVouchedFor(f"the ID token's signature: {type(error).__name__}") from None
        expected = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
        }
        told = {"nonce": nonce, "client_id": self._client_id, "access_token": access}
        claims = CodeIDToken(plain, header, expected, told)
        try:
            claims.validate(leeway=self._leeway)
        except (JoseError, TypeError, ValueError) as error:
            raise NotVouchedFor(f"the ID token's claims: {_claim(error)}") from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise NotVouchedFor("the ID token's claims: sub")
        return dict(claims)

    def leaving(self) -> str | None:
        """Where the browser goes to sign out there, too, if the provider has such a place and answers."""
        try:
            place = self._discovered().get("end_session_endpoint")
        except ProviderUnreachable:
            return None
        if place is None:
            return None
        back = {"client_id": self._client_id, "post_logout_redirect_uri": f"{self._origin}/login"}
        return f"{place}{'&' if '?' in place else '?'}{urlencode(back)}"

    def _email(self, known: Mapping[str, Any], claims: Mapping[str, Any], access: str) -> str:
        """The e-mail that the provider has verified, from the token or from its userinfo; else empty."""
        if "email" not in claims and "userinfo_endpoint" in known:
            try:
                body = receive(
                    "GET", known["userinfo_endpoint"], headers={"Authorization": f"Bearer {access}"}
                )
                told = json.loads(body.content) if body.status_code == 200 else None
            except (httpx.HTTPError, ValueError) as error:
                raise ProviderUnreachable(type(error).__name__) from None
            if not isinstance(told, dict):
                return ""
            if told.get("sub") != claims["sub"]:
                raise NotVouchedFor("userinfo is about somebody else")
            claims = told
        email = claims.get("email")
        verified = any(claims.get(self._verified) == yes for yes in _YES)
        return email if isinstance(email, str) and verified and len(email.encode()) <= 320 else ""

    def _client(self, known: Mapping[str, Any]) -> _Client:
        ways = known.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return _Client(
            session=None,
            client_id=self._client_id,
            client_secret=self._secret,
            token_endpoint_auth_method=_basic if "client_secret_basic" in ways else "client_secret_post",
            scope=self._scopes,
            redirect_uri=f"{self._origin}{CALLBACK}",
            code_challenge_method="S256",
        )

    def _discovered(self) -> Mapping[str, Any]:
        """What the provider says of itself, no older than an hour while it answers. Raises
        ProviderUnreachable."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            with self._asking:
                now = time.monotonic()
                if now - self._read_at > REFRESH_SECONDS and now - self._asked_at > ASK_AGAIN_SECONDS:
                    self._discover(now)
        if not self._known:
            raise ProviderUnreachable("no discovery")
        return self._known

    def _discover(self, now: float) -> None:
        try:
            told = json.loads(fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"))
            known = _usable(told, self._issuer)
        except (httpx.HTTPError, ValueError) as error:
            self._asked_at = time.monotonic()
            log.warning("the OpenID provider cannot be asked: %s", type(error).__name__)
            return
        if self._keys is None or known["jwks_uri"] != self._known.get("jwks_uri"):
            self._keys = KeySet(known["jwks_uri"])
        self._known, self._read_at = known, now


class _Client(OAuth2Client):  # type: ignore[misc]
    """Authlib's client, with our bounds on what it sends and takes."""

    def _fetch_token(
        self, url: str, body: str = "", headers: Any = None, auth: Any = None, method: str = "POST"
    ) -> OAuth2Token:
        url, headers, body = auth.prepare(method, url, dict(headers), body)
        return self.parse_response_token(receive(method, url, headers=headers, content=body))


def _basic(client: Any, method: str, uri: str, headers: dict[str, str], body: str) -> Any:
    """Id and secret as RFC 6749, section 2.3.1, has them, whatever characters they have."""
    basic = httpx.BasicAuth(quote_plus(client.client_id), quote_plus(client.client_secret))
    signed = next(basic.auth_flow(httpx.Request(method, uri)))
    return uri, headers | {"Authorization": signed.headers["Authorization"]}, body


def _usable(told: Any, issuer: str) -> Mapping[str, Any]:
    """What we need of a discovery document. Raises ValueError when it is not this issuer's or not safe."""
    if not isinstance(told, dict) or told.get("issuer") != issuer:
        raise ValueError("of another issuer")
    for name in (*_ENDPOINTS, *(each for each in _OPTIONAL if each in told)):
        if not isinstance(told.get(name), str) or not is_safe_to_fetch(told[name]):
            raise ValueError(f"no safe {name}")
    return told


def _claim(error: Exception) -> str:
    """Which claim it is about; never what it says."""
    return str(getattr(error, "claim", "") or type(error).__name__)
