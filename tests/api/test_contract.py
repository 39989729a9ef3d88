"""Whatever the reference allows, and whatever it does not, is answered as it says: with a token that may do
everything, with one that may only read, with the session of a person, and with nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from api.reference.document import openapi_path
from api.reference.subjects import SUBJECTS
from data.engine import Database
from data.tokens import create_token
from tests.api.caller import person
from tests.api.described import closed
from tests.api.door import token_of
from tests.conftest import new_tenant

Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Any]

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "6"))
"""Requests for each operation of each caller; `make contract` sends more."""
WAYS = ("owner", "reader", "session", "nobody")
UNSPOKEN = {"getDocs"}
"""A page: what it holds is tested where it is written."""
SOCKET = {"openStream"}
"""Speaks HTTP for its first line only; tests/live/test_stream.py has its handshakes."""


@dataclass
class Asker:
    """What one caller sends with every request, and what is there for it to find."""

    headers: Mapping[str, str]
    places: Mapping[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def schema(whole_server: Flask) -> schemathesis.BaseSchema:
    loaded = schemathesis.openapi.from_dict(dict(closed()))
    loaded.app = whole_server
    return loaded


@pytest.fixture(scope="module")
def asker(
    request: pytest.FixtureRequest, whole_server: Flask, database: Database, postgres_url: str
) -> Asker:
    """The caller of this name, in a tenant with a board and a note."""
    tenant = new_tenant(postgres_url)
    owner = person(whole_server, database, tenant, "owner")
    board = owner.json("POST", "/api/v1/dashboards", {"name": "Here"})
    note = {"text": "Here", "at": "2026-11-20T19:30:00Z", "venueId": str(tenant.venue_id)}
    places = {
        "board_id": board["id"],
        "note_id": owner.json("POST", "/api/v1/annotations", note)["id"],
        "name": "kpi",
        "number": 1,
        "grantee": "role:manager",
        "If-Match": '"1"',
    }
    if request.param == "nobody":
        return Asker({}, places)
    if request.param == "session":
        cookie = owner.client.get_cookie("housecount")
        assert cookie is not None
        return Asker(dict(owner.headers) | {"Cookie": f"housecount={cookie.value}"}, places)
    if request.param == "owner":
        return Asker({"Authorization": f"Bearer {token_of(database, tenant)}"}, places)
    with database.tenant(tenant.tenant_id) as connection:
        token = create_token(connection, "reader", ["read"])
    return Asker({"Authorization": f"Bearer {token}"}, places)


OPERATIONS = [
    pytest.param(operation.method, openapi_path(operation.path), id=operation.name)
    for subject in SUBJECTS
    for operation in subject.operations
    if operation.name not in UNSPOKEN | SOCKET
]


@pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)
@pytest.mark.parametrize("asker", WAYS, indirect=True)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(
    schema: schemathesis.BaseSchema, asker: Asker, method: str, path: str
) -> None:
    operation: Operation = schema[path][method]

    @settings(
        max_examples=EXAMPLES,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation), found=st.booleans())
    def ask(case: Request, found: bool) -> None:
        if found:
            lead(case, asker.places)
        case.headers.pop("Authorization", None)
        answer = case.call(headers=dict(asker.headers))
        case.validate_response(answer, checks=CHECKS, headers=dict(asker.headers))

    ask()


def cases(operation: Operation) -> st.SearchStrategy[Request]:
    """Requests that keep to the description, and some that do not."""
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    return good | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def lead(case: Request, places: Mapping[str, Any]) -> None:
    """Have the request ask for what is there."""
    for name in list(case.path_parameters or ()):
        if name in places:
            case.path_parameters[name] = places[name]
    if "If-Match" in (case.headers or {}):
        case.headers["If-Match"] = places["If-Match"]
