"""The public keys by which an issuer signs its tokens, read from its JWKS address, and again as they change.

A key that is not known is looked for at once, though not more often than every half minute, so that made-up
key ids cost the issuer nothing. Keys that the issuer took out of its set are gone here within ten minutes.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

log = logging.getLogger(__name__)

REFRESH_SECONDS = 600.0
ASK_AGAIN_SECONDS = 30.0
LONGEST_SECONDS = 24 * 3600.0
"""For so long keys are trusted while the issuer cannot be reached."""
MOST_BYTES = 1_000_000
TIMEOUT_SECONDS = 5.0
"""For each step of the way; the whole answer takes less than this:"""
WHOLE_SECONDS = 10.0
PATIENCE_SECONDS = 1.0
"""For so long who finds no key waits for an answer that another caller has asked for."""
SMALLEST_RSA = 2_048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, and the only algorithm that it is for."""

    algorithm: str
    key: Any


class IssuerUnreachable(Exception):
    """The issuer's keys cannot be had now."""


def receive(method: str, url: str, **sent: Any) -> httpx.Response:
    """The whole answer, of bounded size and in bounded time. Raises httpx.HTTPError and ValueError."""
    until = time.monotonic() + WHOLE_SECONDS
    with httpx.stream(method, url, timeout=TIMEOUT_SECONDS, follow_redirects=False, **sent) as answer:
        body = b""
        for part in answer.iter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise ValueError("too large")
            if time.monotonic() > until:
                raise ValueError("too slow")
    return httpx.Response(answer.status_code, content=body, request=answer.request)


def fetch(url: str) -> bytes:
    """What is at the address. Raises httpx.HTTPError and ValueError."""
    return receive("GET", url).raise_for_status().content


class KeySet:
    """The keys of one issuer. Safe to use from any thread."""

    def __init__(
        self,
        url: str,
        *,
        read: Callable[[str], bytes] = fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._read, self._clock = url, read, clock
        self._keys: Mapping[str | None, PublicKey] = {}
        self._read_at = self._asked_at = -LONGEST_SECONDS
        self._asking = threading.Lock()

    def key(self, key_id: str | None) -> PublicKey | None:
        """The key with this id; without one the only key there is. Raises IssuerUnreachable."""
        found, age = self._find(key_id), self._clock() - self._read_at
        if found is None or age > REFRESH_SECONDS:
            self._ask(PATIENCE_SECONDS if found is None or age > LONGEST_SECONDS else 0.0)
            found = self._find(key_id)
        if self._clock() - self._read_at > LONGEST_SECONDS:
            raise IssuerUnreachable(self._url)
        return found

    def _find(self, key_id: str | None) -> PublicKey | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _ask(self, patience: float) -> None:
        """Read the keys anew. One caller does; the others go on with what is known, after `patience`."""
        if not self._asking.acquire(timeout=patience):
            return
        try:
            now = self._clock()
            if now - self._asked_at < ASK_AGAIN_SECONDS:
                return
            self._asked_at = now
            try:
                self._keys = keys_of(json.loads(self._read(self._url)))
                self._read_at = now
            except (httpx.HTTPError, ValueError) as error:
                log.warning("the keys at %s could not be read: %s", self._url, type(error).__name__)
        finally:
            self._asking.release()


def keys_of(document: Any) -> dict[str | None, PublicKey]:
    """Key id → key of a JWKS document; without those that are not for signatures or of a kind that we do not
    accept. A secret in a public document is never taken for one. Raises ValueError."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("no JWKS")
    keys: dict[str | None, PublicKey] = {}
    for each in document["keys"]:
        if isinstance(each, dict) and each.get("use", "sig") == "sig":
            own = _public(each)
            if own is not None and each.get("alg", own.algorithm) == own.algorithm:
                keys[each.get("kid")] = own
    return keys


def _public(each: dict[str, Any]) -> PublicKey | None:
    try:
        if each.get("kty") == "RSA" and "d" not in each:
            rsa = RSAAlgorithm.from_jwk(each)
            return PublicKey("RS256", rsa) if rsa.key_size >= SMALLEST_RSA else None
        if each.get("kty") == "EC" and each.get("crv") == "P-256" and "d" not in each:
            return PublicKey("ES256", ECAlgorithm.from_jwk(each))
    except (jwt.InvalidKeyError, ValueError, TypeError):
        return None
    return None
