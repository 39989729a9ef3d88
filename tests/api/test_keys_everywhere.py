"""Every address that takes a POST takes an Idempotency-Key, forms and webhooks too, or refuses it by name."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.idempotency import REFUSED
from data.engine import Database
from data.tokens import list_tokens
from data.users import add_user
from tests.api.caller import OUR_PAGE, PASSWORD, Caller, person
from tests.api.test_admin import signed_in_again
from tests.api.test_idempotency import KEYED, told
from tests.conftest import Tenant

TOKEN = {"name": "Box office", "scope": "read", "days": "30"}
BY_THEMSELVES = {
    "pretix_webhook": "tests/pretix/test_webhook.py",
    "unknown": "there is nothing to be done",
}
"""Endpoints with a test of their own, and the one without anything to do."""


def posts(server: Flask) -> dict[str, set[str]]:
    """Endpoint → the addresses at which it takes a POST."""
    found: dict[str, set[str]] = {}
    for address in server.url_map.iter_rules():
        if "POST" in (address.methods or ()):
            found.setdefault(address.endpoint, set()).add(address.rule)
    return found


def forms(server: Flask) -> dict[str, str]:
    """Endpoint → address of every form that takes keys."""
    keyed = {path for _, path in (param.values for param in KEYED)}
    return {
        endpoint: re.sub("<uuid:[^>]+>", str(uuid4()), min(paths))
        for endpoint, paths in posts(server).items()
        if not paths <= keyed and endpoint not in REFUSED and endpoint not in BY_THEMSELVES
    }


def csrf(client: FlaskClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/account").text)
    assert found
    return found[1]


def send(client: FlaskClient, path: str, fields: dict[str, str], key: str) -> TestResponse:
    return client.post(path, data=fields, headers=OUR_PAGE | {"Idempotency-Key": key})


def test_what_refuses_keys_is_there(whole_server: Flask) -> None:
    assert set(REFUSED) | set(BY_THEMSELVES) <= set(posts(whole_server))
    assert len(forms(whole_server)) > 15


def test_every_form_is_done_once_under_a_key(
    whole_server: Flask, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = person(whole_server, database, tenant, "owner", "Olga").client
    ignored = {}
    for endpoint, path in forms(whole_server).items():
        first, again = (send(olga, path, {"n": "1"}, endpoint) for _ in range(2))
        other = send(olga, path, {"n": "2"}, endpoint)
        with database.tenant(tenant.tenant_id) as connection:
            connection.execute(
                "UPDATE idempotency_keys SET answer = NULL WHERE tenant_id = %s", [tenant.tenant_id]
            )
        waiting = send(olga, path, {"n": "1"}, endpoint)
        with monkeypatch.context() as later:
            later.setattr("data.idempotency.datetime", Tomorrow)
            anew = send(olga, path, {"n": "2"}, endpoint)
        held = (
            (first.status_code, again.status_code, again.data == first.data),
            ("Idempotent-Replayed" in first.headers, again.headers.get("Idempotent-Replayed")),
            again.headers.getlist("Set-Cookie"),
            (other.status_code, waiting.status_code, anew.status_code),
        )
        done = first.status_code  # Not from our page, or there is no such person: a final answer each.
        if held != ((done, done, True), (False, "true"), [], (422, 409, done)) or done not in (400, 404):
            ignored[endpoint] = held
    assert ignored == {}


class Tomorrow(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Tomorrow:
        return super().now(tz) + timedelta(hours=24, seconds=1)


def test_what_opens_or_ends_a_session_refuses_a_key_before_anything_is_done(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    olga = person(whole_server, database, tenant, "owner", "Olga").client
    for endpoint in REFUSED:
        [path] = posts(whole_server)[endpoint]
        refused = send(olga, path.replace("<token>", "none"), {"csrf": csrf(olga)}, "k-1")
        assert told(refused) == (422, "idempotency-key-refused"), endpoint
        assert "Set-Cookie" not in refused.headers
    assert olga.get("/account").status_code == 200


def test_a_sign_in_under_a_key_signs_nobody_in(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    email = f"{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, "Ada", "owner", PASSWORD)
    client = whole_server.test_client()
    form = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert form
    fields = {"email": email, "password": PASSWORD, "csrf": form[1]}
    assert told(send(client, "/login", fields, "k-2")) == (422, "idempotency-key-refused")
    assert client.get("/account").status_code == 302
    assert client.post("/login", data=fields).status_code == 303
    assert client.get("/account").status_code == 200


def test_a_token_is_made_once_and_its_page_is_for_the_session_that_made_it(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    olga = person(whole_server, database, tenant, "owner", "Olga").client
    fields = TOKEN | {"csrf": csrf(olga)}
    first, again = (send(olga, "/admin/tokens", fields, "k-3") for _ in range(2))
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert b"hc_" in again.data
    assert again.headers["Cache-Control"] == "no-store"
    assert "style-src 'self';" in again.headers["Content-Security-Policy"]
    with database.tenant(tenant.tenant_id) as connection:
        assert [token["name"] for token in list_tokens(connection)].count("Box office") == 1
    elsewhere = signed_in_again(whole_server, database, tenant, "Olga")
    stolen = send(elsewhere, "/admin/tokens", fields, "k-3")
    assert told(stolen) == (422, "idempotency-key-reused")
    assert b"hc_" not in stolen.data
    other = person(whole_server, database, tenant, "owner", "Otto").client
    assert b"hc_" not in send(other, "/admin/tokens", fields, "k-3").data


def test_a_stranger_gets_no_answer_of_somebody_elses_key(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    olga = person(whole_server, database, tenant, "owner", "Olga").client
    fields = TOKEN | {"csrf": csrf(olga)}
    assert send(olga, "/admin/tokens", fields, "k-4").status_code == 201
    assert send(whole_server.test_client(), "/admin/tokens", fields, "k-4").status_code == 401


def test_what_is_no_key_is_refused_by_forms_too(owner_of_keys: Caller) -> None:
    answer = send(owner_of_keys.client, "/admin/tokens", TOKEN, "no key")
    assert told(answer) == (400, "bad-idempotency-key")


@pytest.fixture
def owner_of_keys(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")
