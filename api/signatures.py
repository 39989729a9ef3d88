"""Requests that a service signs: HTTP Message Signatures (RFC 9421) by HMAC-SHA-256.

A signature covers the method, the whole address and, where there is a body, its Content-Digest (RFC 9530);
it says when it was made and has a nonce. So a request can be neither altered nor sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from http_message_signatures.structures import VerifyResult

from api.bodies import BODY_CHECK
from api.problems import Unauthenticated
from data.engine import Database, DatabaseUnavailable
from data.signing_keys import SigningKey, find_signing_key, ids_of, use_up
from data.tokens import Sender

OLDEST = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
"""How far the clocks of a service and of this server may be apart."""
SHORTEST_NONCE, LONGEST_NONCE = 8, 128
MOST_BYTES = 4_096
"""Of the two fields of a signature."""
_PLACES = (frozenset({"@target-uri"}), frozenset({"@request-target"}), frozenset({"@path", "@query"}))

Environ = Mapping[str, Any]


def is_signed(environ: Environ) -> bool:
    """Whether a request comes with a signature and nothing else to tell who asks."""
    return "HTTP_SIGNATURE_INPUT" in environ and "HTTP_AUTHORIZATION" not in environ


def signer(environ: dict[str, Any], database: Database) -> Sender:
    """Who signed a request. Its nonce is used up; whoever reads its body finds out whether it was signed.

    Raises Unauthenticated, DatabaseUnavailable.
    """
    if len(environ["HTTP_SIGNATURE_INPUT"]) + len(environ.get("HTTP_SIGNATURE", "")) > MOST_BYTES:
        raise _refused("The signature is too long.")
    keys = _Keys(database)
    verifier, message = _Verifier(keys), _Message(environ)
    found = _verified(verifier, message)
    key = keys.found
    assert key is not None
    _require_coverage(found, query=bool(environ.get("QUERY_STRING")))
    until = datetime.fromtimestamp(int(found.parameters["created"]), UTC) + OLDEST + 2 * SKEW
    with database.tenant(key.tenant_id) as tenant:
        if not use_up(tenant, key.key_id, _nonce(found), until):
            raise _refused("A request with this nonce came before.")

    def check(body: bytes) -> None:
        try:
            verifier.verify_body(message, [found], body)
        except HTTPMessageSignaturesException as error:
            raise _refused(f"The body is not the one that was signed: {error}.") from None

    environ[BODY_CHECK] = check
    return Sender(key.tenant_id, key.key_id, key.name, key.scopes)


def still_valid(database: Database, sender: Sender) -> bool:
    """Whether the key of a request that was let in is still let in. Raises DatabaseUnavailable."""
    with database.tenant(sender.tenant_id) as tenant:
        return find_signing_key(tenant, sender.token_id) is not None


class _Message:
    """A WSGI request as the verifier wants it: the address as it was sent, not as it was decoded."""

    def __init__(self, environ: Environ) -> None:
        self.method = str(environ["REQUEST_METHOD"])
        target = str(environ["RAW_URI"])
        if not target.startswith("/"):
            raise _refused("The address of a signed request begins with its path.")
        host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        self.url = f"{environ['wsgi.url_scheme']}://{host}{target}"
        self.headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }


class _Keys(HTTPSignatureKeyResolver):
    """Looks the key of a signature up, and remembers it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.found: SigningKey | None = None

    def resolve_public_key(self, key_id: str) -> bytes | None:
        ids = ids_of(key_id)
        if ids is None:
            return None
        with self._database.tenant(ids[0]) as tenant:
            self.found = find_signing_key(tenant, ids[1])
        return None if self.found is None else self.found.secret

    def resolve_private_key(self, key_id: str) -> bytes:
        raise LookupError(key_id)


class _Verifier(HTTPMessageVerifier):
    """Signatures by HMAC-SHA-256, whatever they say of themselves."""

    max_clock_skew = SKEW

    def __init__(self, keys: _Keys) -> None:
        super().__init__(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=keys)


def _verified(verifier: _Verifier, message: _Message) -> VerifyResult:
    """What the only signature covers. Raises Unauthenticated, DatabaseUnavailable."""
    try:
        (found,) = verifier.verify(message, max_age=OLDEST)
    except HTTPMessageSignaturesException as error:
        if isinstance(error.__cause__, DatabaseUnavailable):
            raise error.__cause__ from None
        raise _refused(f"The signature does not hold: {error}.") from None
    except ValueError:
        raise _refused("The address of this request cannot be signed.") from None
    return found


def _require_coverage(found: VerifyResult, *, query: bool) -> None:
    """Raises Unauthenticated for a signature that would also fit another request."""
    covered = {name.strip('"') for name in found.covered_components}
    optional = set() if query else {"@query"}
    if "@method" not in covered or not any(place - optional <= covered for place in _PLACES):
        raise _refused("The signature has to cover @method, @path and @query.")


def _nonce(found: VerifyResult) -> str:
    nonce = str(found.parameters.get("nonce", ""))
    if not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:
        raise _refused(f"A nonce has {SHORTEST_NONCE} to {LONGEST_NONCE} characters.")
    return nonce


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated("invalid-signature", detail)
