"""JSON Web Tokens of another issuer: what they have to say, by which keys, and what never opens anything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask

from api.json_web_tokens import JsonWebTokens
from api.jwks import KeySet, PublicKey, keys_of
from api.problems import Unauthenticated
from app import CLOSE, create_app
from config import Settings
from data.access import Access
from data.engine import Database
from data.export_access import CreatorGone, access_of
from data.exports import list_exports
from tests.conftest import Tenant

ISSUER, AUDIENCE, SECRET = (
    "https://id.example.org",
    "housecount",
    "a secret that both sides know: " + "0123456789" * 4,
)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
EC = ec.generate_private_key(ec.SECP256R1())


@dataclass
class Issuer:
    """Publishes its keys on loopback, as an identity provider does."""

    url: str
    keys: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked += 1
            body = json.dumps({"keys": found.keys}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found = Issuer(f"http://127.0.0.1:{server.server_port}/jwks.json", [jwk(RSA, "r1"), jwk(EC, "e1")])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    algorithm: Any = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else None
    algorithm = algorithm or jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, jwt_issuer=ISSUER, **given)


def claims(of: Tenant, **other: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    other = {name: now + value if isinstance(value, timedelta) else value for name, value in other.items()}
    own = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ticket shop",
        "exp": now + timedelta(minutes=5),
        "tenant": str(of.tenant_id),
        "scope": "read send",
    }
    return {name: value for name, value in {**own, **other}.items() if value is not None}


def by_secret(of: Tenant, **other: Any) -> str:
    return jwt.encode(claims(of, **other), SECRET, "HS256")


@pytest.fixture
def shared(database: Database) -> JsonWebTokens:
    return JsonWebTokens(settings(jwt_secret=SECRET), database)


def refused(tokens: JsonWebTokens, token: str) -> str:
    with pytest.raises(Unauthenticated) as error:
        tokens.sender(token)
    assert error.value.code == "invalid-token"
    return str(error.value)


def test_a_token_says_for_whom_and_what_its_bearer_acts(shared: JsonWebTokens, tenant: Tenant) -> None:
    found = shared.sender(by_secret(tenant, scope="read send everything"))
    assert (found.tenant_id, found.name) == (tenant.tenant_id, "ticket shop")
    assert found.scopes == {"read", "send"}
    assert found.token_id == shared.sender(by_secret(tenant, scope="read")).token_id
    assert found.token_id != shared.sender(by_secret(tenant, sub="scanners")).token_id


def test_a_token_without_a_scope_may_nothing(shared: JsonWebTokens, tenant: Tenant) -> None:
    assert shared.sender(by_secret(tenant, scope=None)).scopes == set()
    assert shared.sender(by_secret(tenant, scope=["read"])).scopes == set()


WRONG: dict[str, dict[str, Any]] = {  # A length of time is one from now.
    "This token has expired.": {"exp": timedelta(seconds=-40)},
    "This token is not valid yet.": {"nbf": timedelta(minutes=9)},
    "This token is for another audience.": {"aud": "another house"},
    "This token is of another issuer.": {"iss": "https://id.example.com"},
    "This token is for no tenant of ours.": {"tenant": "nobody"},
}


@pytest.mark.parametrize("said", WRONG)
def test_a_token_that_is_not_for_us_or_not_for_now_is_refused(
    shared: JsonWebTokens, tenant: Tenant, said: str
) -> None:
    assert refused(shared, by_secret(tenant, **WRONG[said])) == said


@pytest.mark.parametrize("name", ["exp", "iss", "aud", "sub", "tenant"])
def test_a_token_without_one_of_its_claims_is_refused(
    shared: JsonWebTokens, tenant: Tenant, name: str
) -> None:
    refused(shared, by_secret(tenant, **{name: None}))


@pytest.mark.parametrize("name", ["sub", "tenant"])
@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "a\0b"])
def test_a_claim_that_is_no_text_is_refused(
    shared: JsonWebTokens, tenant: Tenant, name: str, text: str
) -> None:
    refused(shared, by_secret(tenant, **{name: text}))


def test_clocks_may_be_half_a_minute_apart(shared: JsonWebTokens, tenant: Tenant) -> None:
    now = datetime.now(UTC)
    assert shared.sender(by_secret(tenant, exp=now - timedelta(seconds=20)))
    assert shared.sender(by_secret(tenant, nbf=now + timedelta(seconds=20)))


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part, default=str).encode()).decode().rstrip("=")


def test_no_token_chooses_its_own_algorithm(
    database: Database, tenant: Tenant, issuer: Issuer, shared: JsonWebTokens
) -> None:
    body = claims(tenant, exp=2_000_000_000)
    by_keys = JsonWebTokens(settings(jwt_jwks_url=issuer.url), database)
    unsigned = f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(body)}."
    for tokens in (shared, by_keys):
        refused(tokens, unsigned)
    # The public key, which everybody knows, is no secret of HMAC, in whatever form.
    public = RSA.public_key()
    for form in (
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        json.dumps(jwk(RSA, "r1")).encode(),
    ):
        head = f"{encoded({'alg': 'HS256', 'kid': 'r1'})}.{encoded(body)}"
        tag = base64.urlsafe_b64encode(hmac.digest(form, head.encode(), hashlib.sha256)).decode().rstrip("=")
        refused(by_keys, f"{head}.{tag}")
    # Nor does a key for one algorithm open by another, or a secret by a public key.
    refused(by_keys, jwt.encode(body, EC, "ES256", headers={"kid": "r1"}))
    refused(by_keys, jwt.encode(body, RSA, "RS512", headers={"kid": "r1"}))
    refused(shared, jwt.encode(body, RSA, "RS256"))
    refused(shared, jwt.encode(body, SECRET, "HS512"))


def test_tokens_are_checked_by_the_keys_that_the_issuer_publishes(
    database: Database, tenant: Tenant, issuer: Issuer
) -> None:
    tokens = JsonWebTokens(settings(jwt_jwks_url=issuer.url), database)
    for key, kid, algorithm in ((RSA, "r1", "RS256"), (EC, "e1", "ES256")):
        signed = jwt.encode(claims(tenant), key, algorithm, headers={"kid": kid})
        assert tokens.sender(signed).tenant_id == tenant.tenant_id
        head, body, tag = signed.split(".")
        refused(tokens, f"{head}.{encoded(claims(tenant, exp=2_000_000_000, scope='write'))}.{tag}")
        refused(tokens, f"{head}.{body}.")
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused(tokens, jwt.encode(claims(tenant), stranger, "RS256", headers={"kid": "r1"}))
    assert issuer.asked == 1


def test_a_new_key_is_found_at_once_and_made_up_ones_are_not_asked_for(issuer: Issuer) -> None:
    now = [1000.0]
    keys = KeySet(issuer.url, clock=lambda: now[0])
    assert keys.key("r1") is not None
    issuer.keys = [jwk(EC, "e2")]
    now[0] += 31
    assert keys.key("e2") == PublicKey("ES256", EC.public_key())
    assert (keys.key("r1"), issuer.asked) == (None, 2)
    for number in range(50):
        assert keys.key(f"made up {number}") is None
    assert issuer.asked == 2
    now[0] += 31
    assert (keys.key("made up"), issuer.asked) == (None, 3)


def test_a_key_that_the_issuer_took_back_ends_within_ten_minutes(issuer: Issuer) -> None:
    now = [1000.0]
    keys = KeySet(issuer.url, clock=lambda: now[0])
    assert keys.key("r1") is not None
    issuer.keys = [jwk(EC, "e1")]
    now[0] += 601
    assert keys.key("r1") is None


def test_while_the_issuer_is_away_its_keys_hold_for_a_day(
    issuer: Issuer, database: Database, tenant: Tenant
) -> None:
    now, away = [1000.0], [False]

    def read(url: str) -> bytes:
        if away[0]:
            raise ValueError("away")
        return json.dumps({"keys": issuer.keys}).encode()

    keys = KeySet(issuer.url, read=read, clock=lambda: now[0])
    tokens = JsonWebTokens(settings(jwt_jwks_url=issuer.url), database, keys)
    signed = jwt.encode(claims(tenant), RSA, "RS256", headers={"kid": "r1"})
    assert tokens.sender(signed)
    away[0] = True
    now[0] += 23 * 3600
    assert tokens.sender(signed)
    now[0] += 2 * 3600
    assert refused(tokens, signed) == "The keys of the issuer cannot be had now."


def test_while_a_slow_issuer_is_asked_the_others_go_on_with_the_keys_they_have() -> None:
    now, slow = [1000.0], threading.Event()
    asked, go_on = threading.Event(), threading.Event()

    def read(url: str) -> bytes:
        if slow.is_set():
            asked.set()
            assert go_on.wait(20)
        return json.dumps({"keys": [jwk(EC, "e2" if slow.is_set() else "e1")]}).encode()

    keys = KeySet("https://id.example.org/keys", read=read, clock=lambda: now[0])
    assert keys.key("e1") is not None
    slow.set()
    now[0] += 601
    first = threading.Thread(target=lambda: keys.key("e1"))
    first.start()
    assert asked.wait(20)
    try:
        with ThreadPoolExecutor(1) as others:
            assert others.submit(keys.key, "e1").result(20) == PublicKey("ES256", EC.public_key())
            assert others.submit(keys.key, "e2").result(20) is None, "not known yet, and not waited for long"
        assert first.is_alive(), "it was still being asked"
    finally:
        go_on.set()
        first.join()
    assert (keys.key("e1"), keys.key("e2")) == (None, PublicKey("ES256", EC.public_key()))


def test_of_a_key_set_only_public_signing_keys_that_are_long_enough_count() -> None:
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA))
    odd: list[Any] = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {**jwk(SMALL_RSA, "small")},
        {**jwk(RSA, "for encryption"), "use": "enc"},
        {**jwk(RSA, "another algorithm"), "alg": "RS512"},
        {**private, "kid": "private"},
        {"kty": "EC", "crv": "P-256", "x": "!", "y": "!", "kid": "broken"},
        "no key",
    ]
    assert keys_of({"keys": [*odd, jwk(EC, "e1")]}) == {"e1": PublicKey("ES256", EC.public_key())}


@pytest.fixture
def server(postgres_url: str, redis_url: str, redis_prefix: str, tmp_path: Any) -> Iterator[Flask]:
    app = create_app(
        settings(
            jwt_secret=SECRET,
            database_url=postgres_url,
            redis_url=redis_url,
            redis_prefix=f"{redis_prefix}-jwt",
            data_dir=tmp_path,
        )
    )
    yield app.server
    app.server.extensions[CLOSE]()


def test_every_door_takes_such_a_token_for_what_it_may(server: Flask, tenant: Tenant) -> None:
    client = server.test_client()

    def ask(method: str, path: str, scope: str) -> int:
        headers = {"Authorization": f"Bearer {by_secret(tenant, scope=scope)}"}
        return client.open(
            path, method=method, json={} if method == "POST" else None, headers=headers
        ).status_code

    assert ask("GET", "/api/v1/analytics/metrics", "read") == 200
    assert ask("GET", "/api/v1/analytics/metrics", "send") == 403
    assert ask("POST", "/api/v1/ingest/sale", "read") == 403
    assert ask("POST", "/api/v1/ingest/sale", "send") == 422  # Let in, and told what is missing.
    strange = client.get("/api/v1/analytics/metrics", headers={"Authorization": "Bearer a.b.c"})
    assert (strange.status_code, strange.json and strange.json["code"]) == (401, "invalid-token")
    assert 'error="invalid_token"' in strange.headers["WWW-Authenticate"]


def test_a_service_takes_away_what_it_asked_for_as_long_as_the_file_is_kept(
    server: Flask, database: Database, tenant: Tenant
) -> None:
    client = server.test_client()
    headers = {"Authorization": f"Bearer {by_secret(tenant, scope='read write')}"}
    order = {"format": "csv", "widget": "kpi", "settings": {"metric": "tickets_sold"}}
    made = client.post("/api/v1/exports", json=order, headers=headers)
    assert (made.status_code, made.json and made.json["status"]) == (201, "done"), made.text
    board = client.post("/api/v1/dashboards", json={"name": "Friday"}, headers=headers)
    assert (board.status_code, board.json and board.json["owner"]["name"]) == (201, "A service")
    with database.tenant(tenant.tenant_id) as connection:
        [export] = list_exports(connection, Access(tenant.tenant_id, "owner"))
        late = replace(export, expires_at=datetime.now(UTC) - timedelta(seconds=1))
        with pytest.raises(CreatorGone):
            access_of(connection, late)
        with pytest.raises(CreatorGone):
            access_of(connection, replace(export, created_by=uuid4()))


def test_without_an_issuer_nobodys_tokens_are_let_in(database: Database, tenant: Tenant) -> None:
    tokens = JsonWebTokens(Settings(_env_file=None), database)
    assert refused(tokens, by_secret(tenant)) == "Tokens of other issuers are not let in here."
