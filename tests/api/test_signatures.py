"""Requests signed by HTTP Message Signatures: by a client library, and by hand as RFC 9421 says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from werkzeug.test import TestResponse

from data.access import Access
from data.engine import Database
from data.export_access import CreatorGone, access_of
from data.exports import list_exports
from data.signing_keys import create_signing_key, expire, ids_of, list_signing_keys, revoke_signing_key
from tests.conftest import Tenant

HOST = "http://localhost"
METRICS, QUERY, SALE = "/api/v1/analytics/metrics", "/api/v1/analytics/query", "/api/v1/ingest/sale"
ASKED = json.dumps({"metrics": ["tickets_sold"]}).encode()


@dataclass
class Service:
    """A service that has a key, and signs by hand."""

    client: FlaskClient
    key_id: str
    secret: str

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        covered: Iterable[str] | None = None,
        created: int | None = None,
        nonce: str | None = "",
        sent: dict[str, Any] | None = None,
        algorithm: str = "hmac-sha256",
        **headers: str,
    ) -> TestResponse:
        """The answer; `sent` names what is sent otherwise than it was signed."""
        place, _, query = path.partition("?")
        fields: dict[str, str] = dict(headers)
        if body is not None:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            fields |= {"Content-Digest": f"sha-256=:{digest}:", "Content-Type": "application/json"}
        names = ["@method", "@path", *(["@query"] if query else []), *(["content-digest"] if body else [])]
        names = names if covered is None else list(covered)
        values = {"@method": method, "@path": place, "@query": f"?{query}", "@authority": "localhost"}
        values |= {name.lower(): value for name, value in fields.items()}
        nonce = f"nonce {time.perf_counter_ns()}" if nonce == "" else nonce
        parameters = "(" + " ".join(f'"{name}"' for name in names) + ")"
        parameters += f';created={created or int(time.time())};keyid="{self.key_id}";alg="{algorithm}"'
        parameters += f';nonce="{nonce}"' if nonce is not None else ""
        base = "".join(f'"{name}": {values[name]}\n' for name in names) + f'"@signature-params": {parameters}'
        tag = hmac.digest(base64.b64decode(self.secret), base.encode(), hashlib.sha256)
        fields |= {
            "Signature-Input": f"sig={parameters}",
            "Signature": f"sig=:{base64.b64encode(tag).decode()}:",
        }
        told: dict[str, Any] = {"method": method, "path": path, "data": body, "headers": fields}
        for name, value in (sent or {}).items():
            told[name] = {**fields, **value} if name == "headers" else value
        target = str(told.pop("path"))
        return self.client.open(target, **told)


@pytest.fixture
def service(whole_server: Flask, database: Database, tenant: Tenant) -> Service:
    return service_of(whole_server, database, tenant)


def service_of(server: Flask, database: Database, tenant: Tenant, *scopes: Any, **options: Any) -> Service:
    with database.tenant(tenant.tenant_id) as connection:
        made = create_signing_key(connection, "box office", scopes or ("read", "send"), **options)
    return Service(server.test_client(), *made)


def told(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, answer.json["code"]


def test_a_service_asks_and_sends_by_its_signature_alone(service: Service) -> None:
    assert service("GET", METRICS).status_code == 200
    assert service("GET", f"{METRICS}?a=1&b=%20x").status_code == 200
    answer = service("POST", QUERY, ASKED)
    assert answer.status_code == 200, answer.text
    assert told(service("POST", SALE, b"{}")) == (422, "missing-field")


def test_a_client_library_that_we_did_not_write_is_understood(service: Service) -> None:
    class Keys(HTTPSignatureKeyResolver):
        def resolve_private_key(self, key_id: str) -> bytes:
            return base64.b64decode(service.secret)

        def resolve_public_key(self, key_id: str) -> bytes:
            raise LookupError

    signer = HTTPMessageSigner(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Keys())
    headers = {"Content-Type": "application/json"}
    request = SimpleNamespace(method="POST", url=f"{HOST}{QUERY}", headers=headers)
    signer.sign(request, key_id=service.key_id, nonce="a word for once", body=ASKED)
    answer = service.client.post(QUERY, data=ASKED, headers=headers)
    assert answer.status_code == 200, answer.text


def test_nothing_of_a_signed_request_can_be_altered(service: Service) -> None:
    altered: list[dict[str, Any]] = [
        {"path": "/api/v1/dashboards"},
        {"path": f"{QUERY}?verdicts=errors"},
        {"data": ASKED.replace(b"sold", b"comp")},
        {"data": ASKED + b" "},
        {"data": b""},
        {"headers": {"Content-Digest": "sha-256=:" + base64.b64encode(bytes(32)).decode() + ":"}},
        {"headers": {"Signature": f"sig=:{base64.b64encode(bytes(32)).decode()}:"}},
        {"headers": {"Signature": "sig=:x:"}},
        {"headers": {"Signature-Input": "sig"}},
        {"headers": {"Signature-Input": "a" * 5000}},
    ]
    for change in altered:
        answer = service("POST", QUERY, ASKED, sent=change)
        assert told(answer) == (401, "invalid-signature"), change
    assert told(service("GET", f"{METRICS}?a=1", sent={"path": f"{METRICS}?a=2"})) == (
        401,
        "invalid-signature",
    )


def test_a_signature_has_to_cover_everything_that_tells_what_is_asked(service: Service) -> None:
    for covered in (["@path"], ["@method"], ["@method", "@authority"]):
        assert told(service("GET", METRICS, covered=covered)) == (401, "invalid-signature")
    assert told(service("GET", f"{METRICS}?a=1", covered=["@method", "@path"])) == (401, "invalid-signature")
    uncovered = service("POST", QUERY, ASKED, covered=["@method", "@path"])
    assert told(uncovered) == (401, "invalid-signature")
    assert service("GET", METRICS, covered=["@method", "@path", "@authority"]).status_code == 200


def test_a_request_cannot_be_sent_again(service: Service) -> None:
    assert service("GET", METRICS, nonce="only once").status_code == 200
    assert told(service("GET", METRICS, nonce="only once")) == (401, "invalid-signature")
    assert told(service("GET", METRICS, nonce=None)) == (401, "invalid-signature")
    assert told(service("GET", METRICS, nonce="short")) == (401, "invalid-signature")


def test_a_refused_request_does_not_use_its_nonce_up(service: Service) -> None:
    refused = service("GET", METRICS, nonce="mine, not yours", sent={"path": "/api/v1/widgets"})
    assert refused.status_code == 401
    assert service("GET", METRICS, nonce="mine, not yours").status_code == 200


def test_an_old_request_is_refused_for_good(service: Service, database: Database) -> None:
    now = int(time.time())
    assert service("GET", METRICS, created=now - 290, nonce="four minutes old").status_code == 200
    assert told(service("GET", METRICS, created=now - 340)) == (401, "invalid-signature")
    assert told(service("GET", METRICS, created=now + 60)) == (401, "invalid-signature")
    expire(database)  # What could still be sent again stays known.
    assert told(service("GET", METRICS, created=now - 290, nonce="four minutes old")) == (
        401,
        "invalid-signature",
    )


def test_nonces_are_forgotten_once_their_requests_are_too_old(
    service: Service, database: Database, tenant: Tenant
) -> None:
    assert service("GET", METRICS).status_code == 200
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE signed_requests SET expires_at = %s WHERE tenant_id = %s",
            [datetime.now(UTC) - timedelta(seconds=1), tenant.tenant_id],
        )
    expire(database)
    with database.tenant(tenant.tenant_id) as connection:
        assert connection.rows("SELECT * FROM signed_requests WHERE tenant_id = %s", [tenant.tenant_id]) == []


def test_a_service_moves_from_one_key_to_the_next_without_a_gap(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    old, new = (service_of(whole_server, database, tenant) for _ in range(2))
    assert (old("GET", METRICS).status_code, new("GET", METRICS).status_code) == (200, 200)
    ids = ids_of(old.key_id)
    assert ids is not None
    with database.tenant(tenant.tenant_id) as connection:
        assert revoke_signing_key(connection, ids[1])
        assert not revoke_signing_key(connection, UUID(int=1))
    assert told(old("GET", METRICS)) == (401, "invalid-signature")
    assert new("GET", METRICS).status_code == 200
    over = service_of(whole_server, database, tenant, expires_at=datetime.now(UTC))
    assert told(over("GET", METRICS)) == (401, "invalid-signature")


def test_a_key_may_what_it_was_made_for(whole_server: Flask, database: Database, tenant: Tenant) -> None:
    reader = service_of(whole_server, database, tenant, "read")
    assert reader("GET", METRICS).status_code == 200
    assert told(reader("POST", SALE, b"{}")) == (403, "not-permitted")
    assert told(reader("POST", "/api/v1/dashboards", b"{}")) == (403, "not-permitted")


def test_a_key_makes_exports_while_it_is_valid_and_boards_that_name_it(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    service = service_of(whole_server, database, tenant, "read", "write")
    order = json.dumps({"format": "csv", "widget": "kpi", "settings": {"metric": "tickets_sold"}}).encode()
    made = service("POST", "/api/v1/exports", order)
    assert (made.status_code, made.json and made.json["status"]) == (201, "done"), made.text
    board = service("POST", "/api/v1/dashboards", b'{"name": "Friday"}')
    assert (board.status_code, board.json and board.json["owner"]["name"]) == (201, "Signing key box office")
    waiting: Any = service("POST", "/api/v1/exports", order.replace(b"csv", b"pdf")).json
    ids = ids_of(service.key_id)
    assert ids is not None
    with database.tenant(tenant.tenant_id) as connection:
        [export] = [
            one
            for one in list_exports(connection, Access(tenant.tenant_id, "owner"))
            if str(one.export_id) == waiting["id"]
        ]
        assert access_of(connection, export).venues is None
        assert revoke_signing_key(connection, ids[1])
        with pytest.raises(CreatorGone):
            access_of(connection, export)


def test_no_other_algorithm_and_no_other_key_is_let_in(service: Service) -> None:
    assert told(service("GET", METRICS, algorithm="rsa-pss-sha512")) == (401, "invalid-signature")
    stranger = Service(service.client, service.key_id[:-4] + "AAAA", service.secret)
    nobody = Service(service.client, "hk_nobody", service.secret)
    guessed = Service(service.client, service.key_id, base64.b64encode(bytes(32)).decode())
    for other in (stranger, nobody, guessed):
        assert told(other("GET", METRICS)) == (401, "invalid-signature")


def test_the_secret_is_kept_sealed_and_the_use_of_a_key_is_noted(
    service: Service, database: Database, tenant: Tenant
) -> None:
    assert service("GET", METRICS).status_code == 200
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows("SELECT * FROM signing_keys WHERE tenant_id = %s", [tenant.tenant_id])
        [listed] = list_signing_keys(connection)
    assert base64.b64decode(service.secret) not in bytes(row["secret"])
    assert (listed["name"], listed["scopes"], listed["last_used_at"] is not None) == (
        "box office",
        ["read", "send"],
        True,
    )


def test_a_signature_beside_a_token_is_not_looked_at(service: Service, program: Any) -> None:
    answer = service("GET", METRICS, Authorization=program.headers["Authorization"], sent={"method": "GET"})
    assert answer.status_code == 200
