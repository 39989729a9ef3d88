"""What is somebody's own stays in no cache."""

from __future__ import annotations

import pytest
from flask import Flask

from api.reference.subjects import operations
from data.engine import Database
from data.permissions import SCOPES
from data.tokens import create_token
from tests.api.caller import Caller, person
from tests.api.examples import path_to
from tests.conftest import Tenant

PAGES = [
    "/",
    "/gallery",
    "/account",
    "/account/second-factor",
    "/admin",
    "/admin/invitations",
    "/audit",
    "/login",
]
REVALIDATED = "/api/v1/dashboards/<uuid:board_id>"
"""The settings of a board: kept by nobody but its reader's browser, and asked for again each time."""
FOR_EVERYBODY = {"This reference", "Health", "Live socket"}


@pytest.mark.parametrize("path", PAGES)
def test_no_cache_keeps_what_a_page_shows(
    whole_server: Flask, database: Database, tenant: Tenant, path: str
) -> None:
    olga = person(whole_server, database, tenant, "owner", "Olga")
    page = olga.client.get(path, headers={**olga.headers, "Accept": "text/html"})
    assert page.headers["Cache-Control"] in ("no-store", "private, no-store")


def test_no_cache_keeps_what_the_api_answers(
    whole_server: Flask, database: Database, example_tenant: Tenant
) -> None:
    with database.tenant(example_tenant.tenant_id) as connection:
        token = create_token(connection, "reader", SCOPES)
    program = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    kept = {}
    for subject, operation, path in operations():
        if operation.method == "GET" and subject.name not in FOR_EVERYBODY:
            answer = program("GET", path_to(program, path))
            if answer.status_code == 200:
                kept[path] = answer.headers["Cache-Control"]
    assert len(kept) > 15
    assert kept.pop(REVALIDATED) == "private, no-cache"
    assert [path for path, said in kept.items() if "no-store" not in said] == []
